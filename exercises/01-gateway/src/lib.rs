//! Capítulo 01: o API Gateway.

pub mod call;
pub mod connections;
pub mod definition;
pub mod exchange;
pub mod function;
pub mod javascript;
pub mod jwt;
pub mod lambda_authorizer;
pub mod limits;
pub mod model;
pub mod policy;
pub mod route_key;
pub mod schema;
pub mod sigv4;
pub mod stage_error;

pub mod routing;

pub mod stages;

pub mod validation;

pub mod mapping;
pub mod template;
pub mod vtl;

pub mod sdk;

pub mod caching;

pub mod throttling;

pub mod authorizers;

pub mod api_keys;

pub mod lambda_proxy;

pub mod websocket;

pub mod pipeline;
