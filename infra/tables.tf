# The daily files as tables, where they lie. Columns and meanings are those of shared/lake/schema.json.

locals {
  # A price of 7 places and its vwap of 11 do not fit NUMERIC, which has 9.
  bigquery_types = {
    timestamp = "TIMESTAMP"
    decimal   = "BIGNUMERIC"
    integer   = "INT64"
    boolean   = "BOOL"
  }

  bar_columns = [
    for column in jsondecode(file("${path.module}/../shared/lake/schema.json")).columns : {
      name        = column.name
      type        = local.bigquery_types[column.type]
      mode        = "NULLABLE"
      description = column.meaning
    }
  ]
}

resource "google_bigquery_dataset" "bars" {
  dataset_id                 = "tapelake"
  location                   = var.region
  description                = "Daily order-flow bars"
  delete_contents_on_destroy = false

  depends_on = [google_project_service.used]
}

resource "google_bigquery_table" "files" {
  for_each = toset(var.resolutions)

  dataset_id          = google_bigquery_dataset.bars.dataset_id
  table_id            = "bars_${each.value}_files"
  description         = "Bars of ${each.value}, read from the files at every query"
  deletion_protection = var.deletion_protection

  external_data_configuration {
    source_format = "CSV"
    source_uris   = ["gs://${google_storage_bucket.results.name}/aggregated/*_${each.value}.csv"]
    autodetect    = false
    schema        = jsonencode(local.bar_columns)

    csv_options {
      quote             = "\""
      skip_leading_rows = 1
    }
  }
}

# The same with the symbol and the day, which only the names of the files tell.
resource "google_bigquery_table" "bars" {
  for_each = toset(var.resolutions)

  dataset_id          = google_bigquery_dataset.bars.dataset_id
  table_id            = "bars_${each.value}"
  description         = "Bars of ${each.value} with symbol and date"
  deletion_protection = var.deletion_protection

  view {
    use_legacy_sql = false
    query          = <<-SQL
      SELECT
        REGEXP_EXTRACT(_FILE_NAME, r'/aggregated/([^/]+)/[^/]+$') AS symbol,
        PARSE_DATE('%F', REGEXP_EXTRACT(_FILE_NAME, r'/(\d{4}-\d{2}-\d{2})_[^/]+$')) AS date,
        *
      FROM `${var.project_id}.${google_bigquery_table.files[each.value].dataset_id}.${google_bigquery_table.files[each.value].table_id}`
    SQL
  }
}
