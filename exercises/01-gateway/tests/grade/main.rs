//! Os testes que avaliam o capítulo 01, um módulo por passo.

mod support;

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
