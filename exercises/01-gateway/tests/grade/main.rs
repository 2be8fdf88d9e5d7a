//! Os testes que avaliam o capítulo 01, um módulo por passo.

// As etapas prontas, para o teste da API inteira: elas não dependem dos passos que o leitor ainda não fez.
#[cfg(not(feature = "reference"))]
use gateway as ready;
#[cfg(feature = "reference")]
use reference as ready;

mod api_keys;
mod authorizers;
mod caching;
mod lambda_proxy;
mod mapping;
mod pipeline;
mod routing;
mod sdk;
mod stages;
mod support;
mod throttling;
mod validation;
mod websocket;
