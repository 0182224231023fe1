resource "google_artifact_registry_repository" "images" {
  repository_id = "tapelake"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the recorder and the job"

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.used]
}

locals {
  image_base = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}

# The recorder and the job need an image to be made with, so the first apply builds both. It never runs again.
resource "terraform_data" "first_images" {
  count = var.build_images ? 1 : 0

  provisioner "local-exec" {
    working_dir = "${path.module}/.."
    command     = "gcloud builds submit . --project=${var.project_id} --config=cloudbuild.yaml --gcs-source-staging-dir=gs://${google_storage_bucket.builds.name}/source --substitutions=_REGION=${var.region},_ROLL_OUT=false"
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_images,
    google_project_iam_member.build_logs,
    google_storage_bucket_iam_member.build_sources,
  ]
}

resource "google_cloudbuild_trigger" "main" {
  count = var.build_repository == "" ? 0 : 1

  name            = "tapelake-main"
  description     = "Checks, builds and rolls out every push to main"
  location        = var.region
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.build.id

  repository_event_config {
    repository = var.build_repository
    push {
      branch = "^main$"
    }
  }

  substitutions = {
    _REGION   = var.region
    _ROLL_OUT = "true"
  }
}
