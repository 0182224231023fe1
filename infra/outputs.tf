output "raw" {
  description = "Where raw chunks lie: --raw of the recorder and the job"
  value       = "gs://${google_storage_bucket.raw.name}"
}

output "results" {
  description = "Where daily files, manifests and zips lie: --results of the job"
  value       = "gs://${google_storage_bucket.results.name}"
}

output "images" {
  description = "Where the images are"
  value       = local.image_base
}

output "recorder_logs" {
  description = "Shows what the recorders say"
  value       = "gcloud run worker-pools logs read ${google_cloud_run_v2_worker_pool.recorder.name} --project ${var.project_id} --region ${var.region}"
}

output "run_job" {
  description = "Starts the job now and follows it"
  value       = "npm run execute -- --project ${var.project_id} --region ${var.region}"
}

output "roll_out" {
  description = "Checks, builds and rolls out the sources at hand"
  value       = "gcloud builds submit . --project=${var.project_id} --config=cloudbuild.yaml --gcs-source-staging-dir=gs://${google_storage_bucket.builds.name}/source --substitutions=_REGION=${var.region}"
}

output "bars" {
  description = "The BigQuery views, by resolution"
  value       = { for resolution, view in google_bigquery_table.bars : resolution => "${var.project_id}.${view.dataset_id}.${view.table_id}" }
}
