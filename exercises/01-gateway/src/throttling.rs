//! Os limites de uma API: o balde de fichas, os quatro níveis e a cota do plano de uso.
//!
//! ```text
//!   requisição ─▶ plano ─▶ método ─▶ conta ─▶ região ─▶ cota do plano ─▶ segue
//!                   └────────┴─────────┴────────┤           └─▶ 429 QUOTA_EXCEEDED
//!                                               └─▶ 429 THROTTLED
//! ```
//!
//! Segue `api-gateway-request-throttling` e `api-gateway-api-usage-plans`, do guia do API Gateway.

use std::collections::BTreeMap;

use time::UtcDateTime;

use crate::limits::{Call, Client, Limits, Quota, QuotaPeriod, Target, Throttle, Tokens};
use crate::model::Refusal;

/// Um balde de fichas (*token bucket*).
#[derive(Debug, Clone, PartialEq)]
pub struct TokenBucket {
    /// A taxa e a capacidade.
    pub throttle: Throttle,
    /// As fichas que havia em `at`.
    pub tokens: Tokens,
    /// Quando `tokens` foi medido.
    pub at: UtcDateTime,
}

impl TokenBucket {
    /// Um balde que nasce cheio.
    pub fn new(throttle: Throttle, now: UtcDateTime) -> Self {
        todo!("cria o balde de {throttle:?}, cheio, medido em {now}")
    }

    /// Quantas fichas há em `now`, com a fração da próxima. Não muda o balde.
    pub fn level(&self, now: UtcDateTime) -> Tokens {
        todo!("soma o que entrou até {now}, sem transbordar")
    }

    /// Gasta uma ficha inteira, se houver. `now` nunca anda para trás de uma chamada para a outra.
    pub fn try_take(&mut self, now: UtcDateTime) -> bool {
        todo!("gasta uma ficha em {now} e responde se havia")
    }
}

/// Os níveis de limite, na ordem em que o API Gateway os aplica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// O plano de uso: por cliente, ou por cliente e método.
    UsagePlan,
    /// O método, no stage.
    Method,
    /// A conta, na região.
    Account,
    /// A AWS, na região.
    Region,
}

/// De quem é um balde: requisições com o mesmo valor gastam as mesmas fichas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BucketOwner {
    /// Um cliente, em todos os stages do plano.
    Client(Client),
    /// Um cliente em um método de um stage.
    ClientMethod(Client, Target),
    /// Um método de um stage, seja quem for o cliente.
    Method(Target),
    /// A conta.
    Account,
    /// A região.
    Region,
}

impl BucketOwner {
    /// O nível do balde.
    pub fn level(&self) -> Level {
        match self {
            Self::Client(_) | Self::ClientMethod(..) => Level::UsagePlan,
            Self::Method(_) => Level::Method,
            Self::Account => Level::Account,
            Self::Region => Level::Region,
        }
    }
}

/// Os baldes de que a chamada gasta fichas, na ordem dos níveis. No plano, primeiro o do cliente, depois o do cliente no
/// método.
pub fn buckets_of(limits: &Limits, call: &Call<'_>) -> Vec<(BucketOwner, Throttle)> {
    let _ = (limits, call);
    todo!("junta os baldes da chamada, do plano à região")
}

/// O começo do período em que `now` está: a meia-noite UTC do dia, do domingo da semana ou do dia 1 do mês.
pub fn period_start(period: QuotaPeriod, now: UtcDateTime) -> UtcDateTime {
    todo!("acha onde começou o período {period:?} de {now}")
}

/// Quantas requisições cabem no período em que `now` está, em um plano que existe desde `since`.
pub fn allowance(quota: &Quota, since: UtcDateTime, now: UtcDateTime) -> u64 {
    todo!("desconta o `offset` de {quota:?} só no período de {since}; agora é {now}")
}

/// O limite que a requisição excedeu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// Faltou ficha neste nível.
    Throttle(Level),
    /// A cota do plano acabou.
    Quota,
}

impl Exceeded {
    /// O que o API Gateway responde.
    pub fn refusal(self) -> Refusal {
        todo!("escreve a recusa de cada limite, com a mensagem da AWS")
    }
}

/// O que um cliente gastou da cota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// O começo do período contado.
    pub period_start: UtcDateTime,
    /// As requisições que passaram nele.
    pub used: u64,
}

/// Os limites em funcionamento: a configuração e o que já foi gasto.
#[derive(Debug, Clone)]
pub struct Limiter {
    /// A configuração.
    pub limits: Limits,
    /// Os baldes já usados. O que ninguém usou ainda está cheio.
    pub buckets: BTreeMap<BucketOwner, TokenBucket>,
    /// O uso da cota, por cliente.
    pub usage: BTreeMap<Client, Usage>,
}

impl Limiter {
    /// Ninguém chamou ainda.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buckets: BTreeMap::new(), usage: BTreeMap::new() }
    }

    /// Deixa a requisição passar, ou diz que limite ela excedeu. `now` nunca anda para trás de uma chamada para a outra.
    ///
    /// # Errors
    /// O primeiro nível em que faltou ficha, ou a cota.
    pub fn admit(&mut self, call: &Call<'_>, now: UtcDateTime) -> Result<(), Exceeded> {
        todo!("passa {call:?} pelos baldes e pela cota, em {now}")
    }
}
