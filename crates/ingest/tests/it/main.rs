//! What intake writes into the log is what the pipeline reads.

mod record;
