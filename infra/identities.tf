# One account for each program, each with no more than it needs. Rights on objects are given by bucket.

resource "google_service_account" "recorder" {
  account_id   = "tapelake-recorder"
  display_name = "Tapelake recorder: adds raw chunks"
  depends_on   = [google_project_service.used]
}

resource "google_service_account" "job" {
  account_id   = "tapelake-job"
  display_name = "Tapelake job: builds daily files, removes archived chunks"
  depends_on   = [google_project_service.used]
}

resource "google_service_account" "scheduler" {
  account_id   = "tapelake-scheduler"
  display_name = "Tapelake scheduler: starts the job"
  depends_on   = [google_project_service.used]
}

resource "google_service_account" "build" {
  account_id   = "tapelake-build"
  display_name = "Tapelake build: pushes images and rolls them out"
  depends_on   = [google_project_service.used]
}

# The recorder never lists and can neither change nor delete what it has stored. It reads an object only to compare sizes and
# checksums after a lost answer.
resource "google_project_iam_custom_role" "chunk_writer" {
  role_id     = "tapelakeChunkWriter"
  title       = "Tapelake chunk writer"
  permissions = ["storage.objects.create", "storage.objects.get"]
}

# The job adds repaired chunks and removes archived ones. Without update it can change none.
resource "google_project_iam_custom_role" "chunk_archiver" {
  role_id = "tapelakeChunkArchiver"
  title   = "Tapelake chunk archiver"
  permissions = [
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
  ]
}

resource "google_project_iam_custom_role" "job_starter" {
  role_id     = "tapelakeJobStarter"
  title       = "Tapelake job starter"
  permissions = ["run.jobs.run"]
}

resource "google_project_iam_custom_role" "deployer" {
  role_id = "tapelakeDeployer"
  title   = "Tapelake deployer"
  permissions = [
    "run.jobs.get",
    "run.jobs.update",
    "run.workerpools.get",
    "run.workerpools.update",
  ]
}

# Waiting for a rollout to end is asked of the project.
resource "google_project_iam_custom_role" "operation_reader" {
  role_id     = "tapelakeOperationReader"
  title       = "Tapelake operation reader"
  permissions = ["run.operations.get"]
}

resource "google_storage_bucket_iam_member" "recorder_raw" {
  bucket = google_storage_bucket.raw.name
  role   = google_project_iam_custom_role.chunk_writer.id
  member = google_service_account.recorder.member
}

resource "google_storage_bucket_iam_member" "job_raw" {
  bucket = google_storage_bucket.raw.name
  role   = google_project_iam_custom_role.chunk_archiver.id
  member = google_service_account.job.member
}

resource "google_storage_bucket_iam_member" "job_results" {
  bucket = google_storage_bucket.results.name
  role   = "roles/storage.objectUser"
  member = google_service_account.job.member
}

resource "google_cloud_run_v2_job_iam_member" "scheduler_starts_job" {
  name     = google_cloud_run_v2_job.aggregate.name
  location = google_cloud_run_v2_job.aggregate.location
  role     = google_project_iam_custom_role.job_starter.id
  member   = google_service_account.scheduler.member
}

resource "google_storage_bucket_iam_member" "build_sources" {
  bucket = google_storage_bucket.builds.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build_images" {
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_project_iam_member" "build_operations" {
  project = var.project_id
  role    = google_project_iam_custom_role.operation_reader.id
  member  = google_service_account.build.member
}

resource "google_cloud_run_v2_job_iam_member" "build_deploys_job" {
  name     = google_cloud_run_v2_job.aggregate.name
  location = google_cloud_run_v2_job.aggregate.location
  role     = google_project_iam_custom_role.deployer.id
  member   = google_service_account.build.member
}

resource "google_cloud_run_v2_worker_pool_iam_member" "build_deploys_recorder" {
  name     = google_cloud_run_v2_worker_pool.recorder.name
  location = google_cloud_run_v2_worker_pool.recorder.location
  role     = google_project_iam_custom_role.deployer.id
  member   = google_service_account.build.member
}

# Whoever rolls out a revision hands it its account.
resource "google_service_account_iam_member" "build_acts_as_recorder" {
  service_account_id = google_service_account.recorder.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.build.member
}

resource "google_service_account_iam_member" "build_acts_as_job" {
  service_account_id = google_service_account.job.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.build.member
}
