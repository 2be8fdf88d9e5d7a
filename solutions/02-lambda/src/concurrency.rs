//! A concorrência: quem divide vagas com quem, quem é recusado e por que motivo.
//!
//! ```text
//!   invocação ─▶ há ambiente provisionado livre? ──sim──▶ roda
//!                    │ não: transborda
//!                    ▼
//!                há vaga (na reserva ou no poço da conta)? ──não──▶ 429
//!                    │ sim
//!                    ▼
//!                há ambiente ocioso? ou o ritmo deixa criar um? ──não──▶ 429
//!                    │ sim
//!                    ▼
//!                  roda
//! ```
//!
//! Segue `lambda-concurrency`, `configuration-concurrency`, `scaling-behavior` e `monitoring-concurrency`, do guia do Lambda,
//! e a forma `TooManyRequestsException` da API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

/// As vagas de uma conta em uma região, enquanto ninguém pede mais.
pub const ACCOUNT_CONCURRENCY: u64 = 1_000;
/// As vagas que precisam sobrar sem dono.
pub const MINIMUM_UNRESERVED: u64 = 100;
/// Quantas requisições por segundo um ambiente atende, por mais rápida que seja a função.
pub const REQUESTS_PER_ENVIRONMENT: u64 = 10;
/// Quantos ambientes novos uma função ganha a cada [`SCALING_WINDOW`].
pub const SCALING_STEP: u64 = 1_000;
/// O tempo em que [`SCALING_STEP`] ambientes voltam a caber.
pub const SCALING_WINDOW: Duration = Duration::from_secs(10);

/// O que uma função recebe, em média.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requisições por segundo.
    pub requests_per_second: u64,
    /// Quanto dura cada execução.
    pub mean_duration: Duration,
}

/// De quem são as vagas que a função usa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// O poço da conta, que as funções sem reserva dividem.
    Account,
    /// A reserva da própria função.
    Reserved,
}

/// O limite que recusou uma invocação.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Não há vaga.
    Concurrency(Pool),
    /// São requisições demais por segundo para as vagas que há.
    InvocationRate(Pool),
    /// Há vaga, mas a função já criou ambientes demais há pouco.
    ScalingRate,
    /// Quem chama passou do ritmo dele na API do Lambda.
    CallerRate,
    /// São instantâneos demais do SnapStart em criação.
    SnapshotCreation,
}

/// O campo `Reason` de uma `TooManyRequestsException`. Os nomes são os da API; serializado, é o texto que vai no corpo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ThrottleReason {
    ConcurrentInvocationLimitExceeded,
    FunctionInvocationRateLimitExceeded,
    ReservedFunctionConcurrentInvocationLimitExceeded,
    ReservedFunctionInvocationRateLimitExceeded,
    CallerRateLimitExceeded,
    ConcurrentSnapshotCreateLimitExceeded,
}

/// A resposta da API a uma invocação recusada.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// O status HTTP.
    pub status: u16,
    /// Os cabeçalhos.
    pub headers: Vec<(&'static str, String)>,
    /// O corpo, em JSON.
    pub body: Value,
}

/// Quantas vagas a carga ocupa, em números inteiros.
pub fn required_concurrency(load: &Load) -> u64 {
    // passo: começo — calcula as vagas que {load:?} ocupa
    let busy = u128::from(load.requests_per_second) * load.mean_duration.as_nanos();
    let by_duration = u64::try_from(busy.div_ceil(1_000_000_000)).unwrap_or(u64::MAX);
    by_duration.max(load.requests_per_second.div_ceil(REQUESTS_PER_ENVIRONMENT))
    // passo: fim
}

/// Diz se `concurrency` vagas bastam para a carga; `pool` é de quem elas são.
///
/// # Errors
/// [`Limit::Concurrency`] ou [`Limit::InvocationRate`], o que a carga exceder.
pub fn sustains(load: &Load, pool: Pool, concurrency: u64) -> Result<(), Limit> {
    // passo: começo — confere {load:?} com as {concurrency} vagas de {pool:?}
    let busy = u128::from(load.requests_per_second) * load.mean_duration.as_nanos();
    if busy > u128::from(concurrency) * 1_000_000_000 {
        Err(Limit::Concurrency(pool))
    } else if load.requests_per_second > concurrency * REQUESTS_PER_ENVIRONMENT {
        Err(Limit::InvocationRate(pool))
    } else {
        Ok(())
    }
    // passo: fim
}

impl Limit {
    /// O `Reason` que a API dá. O de [`Limit::ScalingRate`] não é publicado: qualquer um serve.
    pub fn reason(self) -> ThrottleReason {
        // passo: começo — dá a cada limite o seu `Reason`
        match self {
            Self::Concurrency(Pool::Account) | Self::ScalingRate => ThrottleReason::ConcurrentInvocationLimitExceeded,
            Self::Concurrency(Pool::Reserved) => ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded,
            Self::InvocationRate(Pool::Account) => ThrottleReason::FunctionInvocationRateLimitExceeded,
            Self::InvocationRate(Pool::Reserved) => ThrottleReason::ReservedFunctionInvocationRateLimitExceeded,
            Self::CallerRate => ThrottleReason::CallerRateLimitExceeded,
            Self::SnapshotCreation => ThrottleReason::ConcurrentSnapshotCreateLimitExceeded,
        }
        // passo: fim
    }
}

/// A resposta 429 a quem excedeu o limite; `retry_after` é quanto o serviço pede para esperar, quando pede. Vem pronta: o que
/// falta é o [`Limit::reason`].
pub fn too_many_requests(limit: Limit, retry_after: Option<Duration>) -> Response {
    let mut headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("x-amzn-ErrorType", "TooManyRequestsException".to_owned()),
    ];
    if let Some(wait) = retry_after {
        headers.push(("Retry-After", wait.as_nanos().div_ceil(1_000_000_000).to_string()));
    }
    let message = if limit == Limit::CallerRate { "Rate exceeded" } else { "Rate Exceeded." };
    Response { status: 429, headers, body: json!({ "Reason": limit.reason(), "Type": "User", "message": message }) }
}

/// O ritmo em que uma função pode criar ambientes.
///
/// O saldo é guardado em tempo: se 1.000 ambientes voltam em 10 s, cada um custa 10 ms. Assim não há fração de ambiente.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingRate {
    /// O saldo em `at`, de zero a [`SCALING_WINDOW`].
    pub saved: Duration,
    /// Quando `saved` foi medido, desde o começo da história.
    pub at: Duration,
}

impl ScalingRate {
    /// O que custa cada ambiente novo.
    pub const COST: Duration = Duration::from_millis(10);

    /// Uma função que ainda não criou nenhum ambiente. `now` conta desde o começo da história.
    pub fn new(now: Duration) -> Self {
        Self { saved: SCALING_WINDOW, at: now }
    }

    /// O saldo em `now`.
    pub fn level(&self, now: Duration) -> Duration {
        // passo: começo — soma ao saldo o tempo que passou até {now:?}, sem acumular
        (self.saved + now.saturating_sub(self.at)).min(SCALING_WINDOW)
        // passo: fim
    }

    /// Quantos ambientes a função pode criar em `now`. Não muda nada.
    pub fn available(&self, now: Duration) -> u64 {
        // passo: começo — diz quantos ambientes o saldo paga em {now:?}
        u64::try_from(self.level(now).as_nanos() / Self::COST.as_nanos()).unwrap_or(u64::MAX)
        // passo: fim
    }

    /// Cria até `wanted` ambientes e diz quantos criou. `now` nunca anda para trás.
    pub fn take(&mut self, wanted: u64, now: Duration) -> u64 {
        // passo: começo — cria até {wanted} ambientes em {now:?} e desconta do saldo
        let created = wanted.min(self.available(now));
        let cost = Self::COST * u32::try_from(created).unwrap_or(u32::MAX);
        (self.saved, self.at) = (self.level(now) - cost, now);
        created
        // passo: fim
    }
}

/// As escolhas de quem configura uma função.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `ReservedConcurrentExecutions`; `None` é uma função que usa o poço da conta.
    pub reserved: Option<u64>,
    /// `ProvisionedConcurrentExecutions` de cada versão, já inicializados.
    pub provisioned: BTreeMap<String, u64>,
}

impl Settings {
    /// A soma da provisionada de todas as versões.
    pub fn total_provisioned(&self) -> u64 {
        self.provisioned.values().sum()
    }
}

/// O que acontece agora em uma versão de uma função.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// Execuções em ambientes provisionados.
    pub provisioned: u64,
    /// Execuções em ambientes comuns (*on-demand*).
    pub on_demand: u64,
    /// Ambientes comuns que existem, ocupados ou ociosos. No modelo, um ambiente ocioso não acaba.
    pub environments: u64,
}

/// Onde uma invocação aceita roda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Em um ambiente provisionado.
    Provisioned,
    /// Em um ambiente comum que estava ocioso.
    Warm,
    /// Em um ambiente comum criado agora.
    Cold,
}

/// Uma invocação em andamento; volta com [`Account::finish`].
#[derive(Debug, PartialEq, Eq)]
pub struct Running {
    /// A função.
    pub function: String,
    /// A versão.
    pub version: String,
    /// Onde ela roda.
    pub placement: Placement,
}

/// A `InvalidParameterValueException` (400) de uma configuração que a AWS recusa.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidParameterValueException {
    /// A mensagem da AWS, em inglês.
    pub message: String,
}

/// Uma conta em uma região.
#[derive(Debug, Clone)]
pub struct Account {
    /// A cota de execuções simultâneas.
    pub limit: u64,
    /// As funções que têm alguma configuração. Quem não está aqui usa o poço da conta.
    pub settings: BTreeMap<String, Settings>,
    /// O que roda, por função e versão.
    pub activity: BTreeMap<(String, String), Activity>,
    /// O ritmo de cada função. Quem não está aqui ainda não criou ambiente.
    pub scaling: BTreeMap<String, ScalingRate>,
}

impl Account {
    /// Uma conta parada, sem nada configurado.
    pub fn new(limit: u64) -> Self {
        Self { limit, settings: BTreeMap::new(), activity: BTreeMap::new(), scaling: BTreeMap::new() }
    }

    /// Inicializa ambientes para uma versão. Vem pronto, e não confere os limites da AWS.
    pub fn with_provisioned(mut self, function: &str, version: &str, executions: u64) -> Self {
        let settings = self.settings.entry(function.to_owned()).or_default();
        settings.provisioned.insert(version.to_owned(), executions);
        self
    }

    /// Quantas execuções estão em ambientes comuns, em todas as versões das funções que `chosen` aceita. Vem pronta.
    pub fn on_demand(&self, chosen: impl Fn(&str) -> bool) -> u64 {
        let of_them = self.activity.iter().filter(|((function, _), _)| chosen(function));
        of_them.map(|(_, activity)| activity.on_demand).sum()
    }

    /// As vagas que nenhuma função tem só para si, usadas ou não: `UnreservedConcurrentExecutions`.
    pub fn unreserved(&self) -> u64 {
        // passo: começo — tira do limite da conta o que cada função separou
        let claimed: u64 =
            self.settings.values().map(|each| each.reserved.unwrap_or_else(|| each.total_provisioned())).sum();
        self.limit.saturating_sub(claimed)
        // passo: fim
    }

    /// `PutFunctionConcurrency`: reserva vagas para a função, no lugar da reserva que ela já tinha.
    ///
    /// # Errors
    /// [`InvalidParameterValueException`], e nada muda.
    pub fn put_function_concurrency(
        &mut self,
        function: &str,
        reserved: u64,
    ) -> Result<(), InvalidParameterValueException> {
        // passo: começo — confere e guarda a reserva de {reserved} vagas para {function}
        let mut settings = self.settings.remove(function).unwrap_or_default();
        let provisioned = settings.total_provisioned();
        // Sem a função na conta, `unreserved` é o que sobra para ela e para as sem reserva.
        let message = if self.unreserved() < reserved.saturating_add(MINIMUM_UNRESERVED) {
            Some(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                 below its minimum value of [{MINIMUM_UNRESERVED}]."
            ))
        } else if reserved < provisioned {
            Some(format!(
                " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned \
                 concurrency [{provisioned}]."
            ))
        } else {
            settings.reserved = Some(reserved);
            None
        };
        self.settings.insert(function.to_owned(), settings);
        message.map_or(Ok(()), |message| Err(InvalidParameterValueException { message }))
        // passo: fim
    }

    /// Começa uma execução em `now`, ou diz que limite não deixou. `now` nunca anda para trás.
    ///
    /// # Errors
    /// O [`Limit`]; uma recusa não gasta nada.
    pub fn invoke(&mut self, function: &str, version: &str, now: Duration) -> Result<Running, Limit> {
        // passo: começo — acha lugar para {function}:{version} em {now:?}
        let settings = self.settings.get(function).cloned().unwrap_or_default();
        let key = (function.to_owned(), version.to_owned());
        let mut activity = self.activity.get(&key).copied().unwrap_or_default();
        let placement = if activity.provisioned < settings.provisioned.get(version).copied().unwrap_or(0) {
            activity.provisioned += 1;
            Placement::Provisioned
        } else {
            let (pool, free) = match settings.reserved {
                Some(reserved) => {
                    let busy = self.on_demand(|name| name == function);
                    (Pool::Reserved, reserved.saturating_sub(settings.total_provisioned()).saturating_sub(busy))
                }
                None => {
                    let reserved = |name: &str| self.settings.get(name).is_some_and(|each| each.reserved.is_some());
                    let busy = self.on_demand(|name| !reserved(name));
                    (Pool::Account, self.unreserved().saturating_sub(busy))
                }
            };
            if free == 0 {
                return Err(Limit::Concurrency(pool));
            }
            let placement = if activity.environments > activity.on_demand {
                Placement::Warm
            } else {
                let scaling = self.scaling.entry(function.to_owned()).or_insert_with(|| ScalingRate::new(now));
                if scaling.take(1, now) == 0 {
                    return Err(Limit::ScalingRate);
                }
                activity.environments += 1;
                Placement::Cold
            };
            activity.on_demand += 1;
            placement
        };
        self.activity.insert(key, activity);
        Ok(Running { function: function.to_owned(), version: version.to_owned(), placement })
        // passo: fim
    }

    /// Termina uma execução: a vaga volta, e o ambiente fica ocioso. Vem pronto.
    pub fn finish(&mut self, running: Running) {
        let Some(activity) = self.activity.get_mut(&(running.function, running.version)) else {
            return;
        };
        match running.placement {
            Placement::Provisioned => activity.provisioned -= 1,
            Placement::Warm | Placement::Cold => activity.on_demand -= 1,
        }
    }
}
