# Raw chunks. The job deletes each one after it has read it back from the day's zip. There is no age rule: it would silently
# delete days that are not archived yet; an alert tells of them instead. And no soft delete: it would keep, and bill, for a week
# what lies in the zip already.
resource "google_storage_bucket" "raw" {
  name                        = "${var.project_id}-tapelake-raw"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  depends_on = [google_project_service.used]
}

# What people keep: daily files, manifests, zips.
resource "google_storage_bucket" "results" {
  name                        = "${var.project_id}-tapelake-results"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = 604800 # a week
  }

  versioning {
    enabled = true
  }

  # An older version of a rebuilt day.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  # A zip is read again only to mend or rebuild its day.
  lifecycle_rule {
    condition {
      age            = 30
      matches_prefix = ["archive/"]
      with_state     = "LIVE"
    }
    action {
      type          = "SetStorageClass"
      storage_class = "COLDLINE"
    }
  }

  # Plans of executions that ended long ago.
  lifecycle_rule {
    condition {
      age            = 30
      matches_prefix = ["plans/"]
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.used]
}

# Where gcloud puts the sources of a build.
resource "google_storage_bucket" "builds" {
  name                        = "${var.project_id}-tapelake-builds"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.used]
}
