//! Capítulo 05: a invocação por sondagem, o mapeamento da fonte de eventos.

// batching
// filtering
// kafka_mq
// partial_batch
// permissions
// sqs
pub mod api_error;
pub mod shard;
pub mod stream_function;
pub mod streams;
