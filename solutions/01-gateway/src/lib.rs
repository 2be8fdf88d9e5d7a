//! Capítulo 01: o API Gateway.

pub mod function;
pub mod limits;
pub mod model;
pub mod route_key;

pub mod routing;

// stages

// validation

// mapping

// sdk

// caching

pub mod throttling;

// authorizers

pub mod api_keys;

// lambda_proxy

// websocket

// pipeline
