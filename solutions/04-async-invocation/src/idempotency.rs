//! Idempotência: o evento pode chegar mais de uma vez, o efeito não pode.
//!
//! ```text
//! entrega ─► idempotency_key ─► decide ┬─ Run ────► reserva ─► efeito ─► Completed
//!                                      ├─ Replay ─► devolve o resultado guardado
//!                                      ├─ Busy ───► erro: outra tentativa ainda está em curso
//!                                      └─ Refuse ─► erro: mesma chave, outro conteúdo
//! ```
//!
//! O registro segue o do utilitário de idempotência do Powertools for AWS Lambda:
//! <https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/>. As operações do [`Store`]
//! seguem as do DynamoDB, com escrita condicional.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, sleep};

/// O que o escritório de meteorologia quer que aconteça: um SMS para um telefone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Número que o escritório dá ao alerta; quem publica de novo o mesmo alerta repete o número.
    pub id: String,
    /// Só algarismos, às vezes com um `+` na frente.
    pub phone: String,
    pub text: String,
}

/// Uma chamada à função: o alerta e o `awsRequestId` com que ele chegou.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub request_id: String,
    pub alert: Alert,
}

/// A chave de idempotência, que no DynamoDB seria a chave de partição.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(pub String);

/// O que a tabela guarda sobre uma chave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// O texto do alerta que criou o registro (uma tabela de verdade guardaria o hash dele).
    pub payload: String,
    pub status: Status,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Alguém reservou a chave. A reserva vale até `until`, inclusive.
    InProgress { until: Instant },
    /// O efeito aconteceu. O resultado vale até `expires_at`, inclusive.
    Completed { result: String, expires_at: Instant },
}

/// O que fazer com uma entrega, dado o registro que a chave dela já tem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Reservar a chave, inclusive por cima de um registro vencido, e rodar o efeito.
    Run,
    /// Não rodar nada: devolver este resultado.
    Replay(String),
    /// Não rodar nada: há uma tentativa em curso, e ela pode terminar bem.
    Busy,
    /// Não rodar nada: a chave é de um alerta com outro texto.
    Refuse,
}

/// Os dois prazos de um registro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Timeout da função: passado esse tempo, quem reservou a chave não está mais rodando.
    pub function_timeout: Duration,
    /// Por quanto tempo, desde o fim do efeito, a repetição recebe o resultado guardado.
    pub ttl: Duration,
}

impl Default for Config {
    /// 3 s é o timeout padrão de uma função; 1 h é o prazo padrão do Powertools.
    fn default() -> Self {
        Self { function_timeout: Duration::from_secs(3), ttl: Duration::from_secs(3_600) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OnceError {
    /// O efeito devolveu erro; a chave já está livre para a próxima tentativa.
    #[error("o efeito falhou: {0}")]
    Effect(String),
    /// A função termina em erro de propósito: assim o Lambda tenta de novo mais tarde.
    #[error("outra tentativa com a mesma chave ainda está em curso")]
    InProgress,
    #[error("a chave já foi usada por um alerta com outro texto")]
    PayloadMismatch,
}

/// A tabela, em memória. Cada operação leva `latency`, e o que ela faz acontece de uma vez só, no meio
/// desse tempo; entre duas operações qualquer outra tentativa pode entrar.
///
/// Um registro vencido continua visível, como no DynamoDB, que apaga os vencidos quando pode.
#[derive(Debug)]
pub struct Store {
    latency: Duration,
    records: Mutex<HashMap<Key, Record>>,
}

impl Store {
    pub fn new(latency: Duration) -> Self {
        Self { latency, records: Mutex::new(HashMap::new()) }
    }

    /// `GetItem` com leitura consistente.
    pub async fn get(&self, key: &Key) -> Option<Record> {
        sleep(self.latency / 2).await;
        let record = self.lock().get(key).cloned();
        sleep(self.latency / 2).await;
        record
    }

    /// `PutItem` sem condição: grava por cima do que houver.
    pub async fn put(&self, key: &Key, record: Record) {
        sleep(self.latency / 2).await;
        self.lock().insert(key.clone(), record);
        sleep(self.latency / 2).await;
    }

    /// `PutItem` com condição: grava só se `condition`, que recebe o registro atual, for verdadeira. Conferir e
    /// gravar são um ato só. Se a condição falhar, nada muda e o registro atual volta no `Err`, como o DynamoDB
    /// faz com `ReturnValuesOnConditionCheckFailure`.
    pub async fn put_if(
        &self,
        key: &Key,
        record: Record,
        condition: impl FnOnce(Option<&Record>) -> bool,
    ) -> Result<(), Option<Record>> {
        sleep(self.latency / 2).await;
        let written = {
            let mut records = self.lock();
            let current = records.get(key).cloned();
            if condition(current.as_ref()) {
                records.insert(key.clone(), record);
                Ok(())
            } else {
                Err(current)
            }
        };
        sleep(self.latency / 2).await;
        written
    }

    /// `DeleteItem`.
    pub async fn delete(&self, key: &Key) {
        sleep(self.latency / 2).await;
        self.lock().remove(key);
        sleep(self.latency / 2).await;
    }

    // Um mutex de `std` basta: ninguém o segura durante um `await`.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A chave de idempotência de uma entrega: a mesma para toda repetição do mesmo alerta ao mesmo telefone.
pub fn idempotency_key(delivery: &Delivery) -> Key {
    // passo: começo — escolha o que identifica o efeito pedido por {delivery:?}
    // Um telefone não tem `#`: o primeiro `#` do texto separa os dois campos, e pares diferentes dão chaves diferentes.
    Key(format!("{}#{}", delivery.alert.phone, delivery.alert.id))
    // passo: fim
}

/// Decide o que fazer com uma entrega de texto `payload`, dado o registro atual da chave e a hora.
pub fn decide(record: Option<&Record>, payload: &str, now: Instant) -> Decision {
    // passo: começo — decida o que fazer com {payload:?} nesta hora, dado o registro da chave
    // passo: usa record, now
    let Some(record) = record else {
        return Decision::Run;
    };
    let valid_until = match &record.status {
        Status::InProgress { until } => *until,
        Status::Completed { expires_at, .. } => *expires_at,
    };
    if valid_until < now {
        return Decision::Run;
    }
    if record.payload != payload {
        return Decision::Refuse;
    }
    match &record.status {
        Status::InProgress { .. } => Decision::Busy,
        Status::Completed { result, .. } => Decision::Replay(result.clone()),
    }
    // passo: fim
}

/// Roda `effect` no máximo uma vez por chave enquanto o registro valer, e devolve o resultado dele em toda
/// repetição.
pub async fn once<F, Fut>(store: &Store, config: Config, delivery: &Delivery, effect: F) -> Result<String, OnceError>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<String, String>>,
{
    // passo: começo — reserve a chave, rode o efeito e registre o fim de {delivery:?}
    // passo: usa store, config, effect
    let key = idempotency_key(delivery);
    let payload = &delivery.alert.text;
    let now = Instant::now();
    let reservation =
        Record { payload: payload.clone(), status: Status::InProgress { until: now + config.function_timeout } };
    let free = |current: Option<&Record>| decide(current, payload, now) == Decision::Run;
    if let Err(current) = store.put_if(&key, reservation, free).await {
        return match decide(current.as_ref(), payload, now) {
            Decision::Replay(result) => Ok(result),
            Decision::Refuse => Err(OnceError::PayloadMismatch),
            // `Run` não chega aqui: com ele a reserva teria sido gravada.
            Decision::Busy | Decision::Run => Err(OnceError::InProgress),
        };
    }
    match effect().await {
        Ok(result) => {
            let completed = Record {
                payload: payload.clone(),
                status: Status::Completed { result: result.clone(), expires_at: Instant::now() + config.ttl },
            };
            store.put(&key, completed).await;
            Ok(result)
        }
        Err(reason) => {
            store.delete(&key).await;
            Err(OnceError::Effect(reason))
        }
    }
    // passo: fim
}
