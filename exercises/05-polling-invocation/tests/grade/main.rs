//! Os testes que avaliam o capítulo 05, um módulo por passo.

mod batching;
mod filtering;
mod kafka_mq;
mod partial_batch;
mod permissions;
mod sqs;
mod streams;
mod support;
