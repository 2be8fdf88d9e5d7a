//! Engano: o limite mais específico substitui os outros, como em uma configuração com valores padrão.

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
        Self { throttle, tokens: Tokens::whole(throttle.burst_limit), at: now }
    }

    /// Quantas fichas há em `now`, com a fração da próxima. Não muda o balde.
    pub fn level(&self, now: UtcDateTime) -> Tokens {
        let refilled = Tokens::refilled(self.throttle, now - self.at);
        self.tokens.plus(refilled).min(Tokens::whole(self.throttle.burst_limit))
    }

    /// Gasta uma ficha inteira, se houver. `now` nunca anda para trás de uma chamada para a outra.
    pub fn try_take(&mut self, now: UtcDateTime) -> bool {
        let Some(left) = self.level(now).checked_minus(Tokens::ONE) else {
            return false;
        };
        (self.tokens, self.at) = (left, now);
        true
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
    let mut buckets = Vec::new();
    let method_path = call.method_path();
    if let Some(subscription) = limits.subscription(call) {
        let client = subscription.client;
        if let Some(throttle) = subscription.plan.throttle {
            buckets.push((BucketOwner::Client(client.clone()), throttle));
        }
        if let Some(throttle) = subscription.stage.throttle.get(&method_path) {
            buckets.push((BucketOwner::ClientMethod(client, call.target()), *throttle));
        }
    }
    if let Some(stage) = limits.stage_settings(call) {
        let settings = &stage.method_settings;
        if let Some(throttle) = settings.get(&method_path).or_else(|| settings.get("*/*")) {
            buckets.push((BucketOwner::Method(call.target()), *throttle));
        }
    }
    buckets.push((BucketOwner::Account, limits.account));
    if let Some(throttle) = limits.region {
        buckets.push((BucketOwner::Region, throttle));
    }
    buckets.truncate(1);
    buckets
}

/// O começo do período em que `now` está: a meia-noite UTC do dia, do domingo da semana ou do dia 1 do mês.
pub fn period_start(period: QuotaPeriod, now: UtcDateTime) -> UtcDateTime {
    use time::{Duration, Time};

    let today = now.date();
    let days_since = match period {
        QuotaPeriod::Day => 0,
        QuotaPeriod::Week => today.weekday().number_days_from_sunday(),
        QuotaPeriod::Month => today.day() - 1,
    };
    UtcDateTime::new(today - Duration::days(i64::from(days_since)), Time::MIDNIGHT)
}

/// Quantas requisições cabem no período em que `now` está, em um plano que existe desde `since`.
pub fn allowance(quota: &Quota, since: UtcDateTime, now: UtcDateTime) -> u64 {
    if period_start(quota.period, now) == period_start(quota.period, since) {
        quota.limit.saturating_sub(quota.offset)
    } else {
        quota.limit
    }
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
        use crate::model::GatewayResponseType;

        match self {
            Self::Throttle(_) => Refusal::new(GatewayResponseType::Throttled, "Too Many Requests"),
            Self::Quota => Refusal::new(GatewayResponseType::QuotaExceeded, "Limit Exceeded"),
        }
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
        for (owner, throttle) in buckets_of(&self.limits, call) {
            let level = owner.level();
            let bucket = self.buckets.entry(owner).or_insert_with(|| TokenBucket::new(throttle, now));
            if !bucket.try_take(now) {
                return Err(Exceeded::Throttle(level));
            }
        }
        let Some(subscription) = self.limits.subscription(call) else {
            return Ok(());
        };
        let Some(quota) = subscription.plan.quota else {
            return Ok(());
        };
        let fresh = Usage { period_start: period_start(quota.period, now), used: 0 };
        let usage = self.usage.entry(subscription.client).or_insert(fresh);
        if usage.period_start != fresh.period_start {
            *usage = fresh;
        }
        if usage.used >= allowance(&quota, subscription.plan.since, now) {
            return Err(Exceeded::Quota);
        }
        usage.used += 1;
        Ok(())
    }
}
