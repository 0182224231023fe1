# Who is told: nobody without an address, and then the alerts are still to be seen in the console.
resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == "" ? 0 : 1

  display_name = "Tapelake"
  type         = "email"
  labels = {
    email_address = var.alert_email
  }

  depends_on = [google_project_service.used]
}

locals {
  notified = google_monitoring_notification_channel.email[*].id

  in_job      = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"tapelake-aggregate\""
  in_recorder = "resource.type=\"cloud_run_worker_pool\" AND resource.labels.worker_pool_name=\"tapelake-recorder\""

  # What is counted in the logs of the two programs.
  log_metrics = {
    tapelake-recording       = "${local.in_recorder} AND jsonPayload.message=\"recording\""
    tapelake-recorder-errors = "${local.in_recorder} AND severity>=ERROR"
    tapelake-partial-days    = "${local.in_job} AND severity=WARNING AND jsonPayload.verdict=\"partial\""
    tapelake-old-raw         = "${local.in_job} AND jsonPayload.event=\"old-raw\""
  }
}

resource "google_logging_metric" "counted" {
  for_each = local.log_metrics

  name   = each.key
  filter = each.value

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.used]
}

# Alerts on something that should never happen: one of it within five minutes is enough.
locals {
  never = {
    job_failed = {
      name   = "a run of the job failed"
      filter = "${local.in_job} AND metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"failed\""
      advice = "At least one symbol-day was not built. Its raw chunks are kept and the next run tries again. `gcloud run jobs executions list --job tapelake-aggregate --region ${var.region}` shows the run, its logs name each symbol-day with the reason."
    }
    partial = {
      name   = "a day is partial"
      filter = "${local.in_job} AND metric.type=\"logging.googleapis.com/user/tapelake-partial-days\""
      advice = "The day was built, and its manifest says which trades are missing and why. The next run mends what the exchange still has (48 hours)."
    }
    old_raw = {
      name   = "raw chunks are older than 3 days"
      filter = "${local.in_job} AND metric.type=\"logging.googleapis.com/user/tapelake-old-raw\""
      advice = "The log line names the oldest day. Nothing is deleted by age; find why that day fails and build it by hand."
    }
    recorder_errors = {
      name   = "a recorder logs errors"
      filter = "${local.in_recorder} AND metric.type=\"logging.googleapis.com/user/tapelake-recorder-errors\""
      advice = "`gcloud run worker-pools logs read tapelake-recorder --region ${var.region}` names silent streams, chunks that wait and rows that were shed. While another recorder runs nothing is lost."
    }
  }
}

resource "google_monitoring_alert_policy" "never" {
  for_each = local.never

  display_name          = "Tapelake: ${each.value.name}"
  combiner              = "OR"
  notification_channels = local.notified

  conditions {
    display_name = each.value.name
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.advice
  }

  depends_on = [google_logging_metric.counted]
}

resource "google_monitoring_alert_policy" "job_absent" {
  display_name          = "Tapelake: no run of the job has succeeded for 18 hours"
  combiner              = "OR"
  notification_channels = local.notified

  conditions {
    display_name = "Neither of two runs in a row"
    condition_absent {
      filter   = "${local.in_job} AND metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"succeeded\""
      duration = "64800s" # 18 h; at most 23.5 h are allowed
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Look at Cloud Scheduler first (is it paused, may its account still run the job?), then at the job's executions. Raw chunks wait; nothing is lost while the recorder runs."
  }
}

# Each recorder tells once a minute that it is recording.
resource "google_monitoring_alert_policy" "recorder_missing" {
  display_name          = "Tapelake: fewer recorders than wanted"
  combiner              = "OR"
  notification_channels = local.notified

  conditions {
    display_name = "Fewer recorders than wanted"
    condition_threshold {
      filter                  = "${local.in_recorder} AND metric.type=\"logging.googleapis.com/user/tapelake-recording\""
      comparison              = "COMPARISON_LT"
      threshold_value         = 10 * (var.recorders - 0.5)
      duration                = "300s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`gcloud run worker-pools logs read tapelake-recorder --region ${var.region}` says how it ended. While one recorder runs nothing is lost; with none, order-book snapshots are gone for good and trades must be repaired within 48 hours."
  }

  depends_on = [google_logging_metric.counted]
}
