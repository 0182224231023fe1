variable "project_id" {
  description = "Google Cloud project that everything is made in. Billing must be enabled."
  type        = string
}

variable "region" {
  description = "Region of everything. Near the exchange, and never in the United States."
  type        = string
  default     = "asia-northeast1" # Tokyo

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region)) && !startswith(var.region, "us-")
    error_message = "Choose a region outside the United States, e.g. asia-northeast1 (Tokyo): the exchange answers every request from a US address with 451 and sends no data."
  }
}

variable "symbols" {
  description = "What is recorded: symbols as the exchange writes them, separated by commas, or all:USDT for every perpetual that trades in USDT."
  type        = string
  default     = "BTCUSDT,ETHUSDT"
}

variable "recorders" {
  description = "How many recorders run side by side, each recording everything. One is enough until it restarts; what a second one also holds costs nothing but its upkeep."
  type        = number
  default     = 2

  validation {
    condition     = var.recorders >= 1 && floor(var.recorders) == var.recorders
    error_message = "At least one recorder is needed."
  }
}

variable "chunk_minutes" {
  description = "Minutes a chunk covers: 1, 5 or 15. Fewer chunks cost less to store (see the cost table in README.md) and wait longer in the spool."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 5, 15], var.chunk_minutes)
    error_message = "Choose 1, 5 or 15."
  }
}

variable "recorder_cpu" {
  description = "CPUs of a recorder: 1, 2, 4, 6 or 8. One is enough for 500 symbols."
  type        = string
  default     = "1"
}

variable "spool_mib" {
  description = "Memory for rows that are not stored yet. For N symbols a minute is 0.44 N MB of open chunks and 0.034 N MB of closed ones: 512 MiB bridge a day without the bucket for 10 symbols; give 1024 for 500 symbols (half an hour)."
  type        = number
  default     = 512

  validation {
    condition     = var.spool_mib >= 64 && var.spool_mib + 768 <= 4096 * tonumber(var.recorder_cpu)
    error_message = "At least 64 MiB; with 768 MiB for the program at most the 4 GiB a CPU may have. Raise recorder_cpu for more."
  }
}

variable "stale_after_s" {
  description = "Seconds without a frame after which the recorder looks into a stream."
  type        = number
  default     = 30
}

variable "job_symbols" {
  description = "What the job builds: symbols separated by commas, or all, which is every symbol that has raw chunks."
  type        = string
  default     = "all"
}

variable "resolutions" {
  description = "Lengths of the bars. Each becomes a daily file and a BigQuery table."
  type        = list(string)
  default     = ["1s", "1m"]
}

variable "job_tasks" {
  description = "How many tasks share a run of the job. One does about 10 large symbols or 50 average ones in an hour; 16 for 500 symbols."
  type        = number
  default     = 1
}

variable "job_parallelism" {
  description = "How many of the tasks run at the same time. 0: as many as Cloud Run allows."
  type        = number
  default     = 0
}

variable "job_cpu" {
  description = "CPUs of a task: 1, 2, 4, 6 or 8. The scan uses two."
  type        = string
  default     = "2"
}

variable "job_memory" {
  description = "Memory of a task. The largest symbol-day takes less than 0.5 GiB; the rest is room for the zip and for days of several times the rows."
  type        = string
  default     = "2Gi"
}

variable "job_timeout" {
  description = "How long one try of a task may take. Six hours let the run of 01:00 be over well before the one of 13:00."
  type        = string
  default     = "21600s"
}

variable "job_max_retries" {
  description = "How often a task is tried again. A later try leaves out what an earlier one has done."
  type        = number
  default     = 2
}

variable "repair_max_ids" {
  description = "Missing trades fetched from the exchange for a symbol-day at most."
  type        = number
  default     = 5000000
}

variable "rest_weight_share" {
  description = "Share of the exchange's request limit that a run of the job may use. Its tasks divide it, because they may share an address with each other and with the recorders."
  type        = number
  default     = 0.5
}

variable "alert_email" {
  description = "Who is woken when recording or building fails. Empty: the alerts exist and tell nobody."
  type        = string
  default     = ""
}

variable "image_tag" {
  description = "Tag of the images that the recorder and the job are first made with. Later rollouts are Cloud Build's."
  type        = string
  default     = "latest"
}

variable "build_images" {
  description = "Whether the first apply builds and pushes the images with gcloud. Turn it off where something else has pushed them."
  type        = bool
  default     = true
}

variable "build_repository" {
  description = "Resource name of a repository connected to Cloud Build, projects/P/locations/R/connections/C/repositories/N. With it every push to its main branch is checked, built and rolled out."
  type        = string
  default     = ""
}

variable "deletion_protection" {
  description = "Keeps terraform destroy from deleting the recorder, the job and the tables. The buckets are never deleted while they hold anything."
  type        = bool
  default     = true
}
