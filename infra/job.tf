locals {
  job_env = {
    RAW               = "gs://${google_storage_bucket.raw.name}"
    RESULTS           = "gs://${google_storage_bucket.results.name}"
    SYMBOLS           = var.job_symbols
    RESOLUTIONS       = join(",", var.resolutions)
    KEEP_RAW          = "false"
    OFFLINE           = "false"
    STRICT            = "false"
    REPAIR_MAX_IDS    = tostring(var.repair_max_ids)
    REST_WEIGHT_SHARE = tostring(var.rest_weight_share)
    REST_URL          = "https://fapi.binance.com"
    READS_AT_ONCE     = "32"
  }
}

resource "google_cloud_run_v2_job" "aggregate" {
  name                = "tapelake-aggregate"
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    task_count  = var.job_tasks
    parallelism = var.job_parallelism > 0 ? var.job_parallelism : null

    template {
      service_account = google_service_account.job.email
      timeout         = var.job_timeout
      max_retries     = var.job_max_retries

      containers {
        image = "${local.image_base}/aggregate-job:${var.image_tag}"

        resources {
          limits = {
            cpu    = var.job_cpu
            memory = var.job_memory
          }
        }

        dynamic "env" {
          for_each = local.job_env
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }

  # Rollouts are Cloud Build's.
  lifecycle {
    ignore_changes = [template[0].template[0].containers[0].image, client, client_version]
  }

  depends_on = [
    terraform_data.first_images,
    google_storage_bucket_iam_member.job_raw,
    google_storage_bucket_iam_member.job_results,
  ]
}

# Twice a day: the second run mends what the first could not, and an alert for "no run succeeded" may not wait longer than 23.5 hours.
resource "google_cloud_scheduler_job" "aggregate" {
  name             = "tapelake-aggregate"
  region           = var.region
  description      = "Builds every closed day that still has raw chunks"
  schedule         = "0 1,13 * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"

  # A second start by mistake does no harm (leases), a missed one costs half a day.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.aggregate.id}:run"

    # An access token: Google's own APIs take no identity (OIDC) tokens.
    oauth_token {
      service_account_email = google_service_account.scheduler.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.scheduler_starts_job]
}
