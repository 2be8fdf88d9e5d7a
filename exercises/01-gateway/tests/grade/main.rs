//! Os testes que avaliam o capítulo 01, um módulo por passo.

mod support;

// As etapas prontas, para o teste da API inteira: elas não dependem dos passos que o leitor ainda não fez.
#[cfg(not(feature = "reference"))]
use gateway as ready;
#[cfg(feature = "reference")]
use reference as ready;

mod routing;

mod stages;

mod validation;

mod mapping;

mod sdk;

mod caching;

mod throttling;

mod authorizers;

mod api_keys;

mod lambda_proxy;

mod websocket;

mod pipeline;
