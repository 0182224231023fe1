locals {
  recorder_port = 8080

  # The program and its sockets take up to 600 MiB at 500 symbols; when the spool cannot be written to, 96 MiB of rows wait beside
  # it. The file system of an instance is memory, so the spool counts too.
  recorder_memory_mib = 768 + var.spool_mib

  recorder_env = {
    SYMBOLS          = var.symbols
    RAW              = "gs://${google_storage_bucket.raw.name}"
    WS_URL           = "wss://fstream.binance.com"
    REST_URL         = "https://fapi.binance.com"
    CHUNK_MINUTES    = tostring(var.chunk_minutes)
    SPOOL            = "/tmp/spool"
    SPOOL_MAX_BYTES  = tostring(var.spool_mib * 1024 * 1024)
    STALE_AFTER_S    = tostring(var.stale_after_s)
    CONNECTION_MAX_S = "82800"
  }
}

resource "google_cloud_run_v2_worker_pool" "recorder" {
  name                = "tapelake-recorder"
  location            = var.region
  description         = "Records trades and order-book snapshots into raw chunks"
  deletion_protection = var.deletion_protection

  scaling {
    scaling_mode          = "MANUAL"
    manual_instance_count = var.recorders
  }

  template {
    service_account = google_service_account.recorder.email

    containers {
      image = "${local.image_base}/ingest:${var.image_tag}"
      # The port is a flag, because PORT is a name that Cloud Run keeps for itself.
      command = ["node"]
      args    = ["ingest/main.ts", "--port", tostring(local.recorder_port)]

      resources {
        limits = {
          cpu    = var.recorder_cpu
          memory = "${local.recorder_memory_mib}Mi"
        }
      }

      dynamic "env" {
        for_each = local.recorder_env
        content {
          name  = env.key
          value = env.value
        }
      }

      # /livez and nothing else: it fails only when the event loop no longer turns. A restart for anything more, such as an exchange
      # or a bucket that is away, would destroy the spool that exists for exactly that.
      liveness_probe {
        initial_delay_seconds = 30
        period_seconds        = 30
        timeout_seconds       = 10
        failure_threshold     = 4

        http_get {
          path = "/livez"
          port = local.recorder_port
        }
      }
    }
  }

  # Rollouts are Cloud Build's, and whoever lets half of the recorders go first.
  lifecycle {
    ignore_changes = [template[0].containers[0].image, instance_splits, client, client_version]
  }

  depends_on = [terraform_data.first_images, google_storage_bucket_iam_member.recorder_raw]
}
