//! Capítulo 05: a invocação por sondagem, o mapeamento da fonte de eventos.

pub mod api_error;
pub mod batching;
pub mod filtering;
pub mod kafka_mq;
pub mod partial_batch;
pub mod permissions;
pub mod queue;
pub mod shard;
pub mod sms_function;
pub mod sqs;
pub mod stream_function;
pub mod streams;
