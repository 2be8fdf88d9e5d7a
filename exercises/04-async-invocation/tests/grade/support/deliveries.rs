//! Uma origem que entrega um envelope com `Event` e a fila interna que o leva à função, para o passo `sources`.
//!
//! ```text
//!   origem ──▶ API do Lambda ──202──▶ fila interna ──▶ função (parse)
//!     ▲─ 429, 5xx ─┘                     ▲──── erro ────┘
//! ```
//!
//! As duas camadas perguntam ao `next_try` de quem resolve o passo quem tenta de novo, e por quanto tempo.

use std::time::Duration;

use async_invocation::function::{Behavior, Function};
use async_invocation::model::{Event, FUNCTION, Failure, FunctionError, QUEUE};
use async_invocation::sources::{EnvelopeError, Happened, NextTry, Source, Wait, next_try, parse, sns_wait};
use kit::Timeline;
use kit::text::duration;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::expect_same;
use super::story::{RUN_TIME, seconds};

/// Depois de tantas entregas ou chamadas a história para.
const LIMIT: usize = 400;

/// Como a história de um envelope acaba.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Succeeded,
    QueueGaveUp,
    SourceGaveUp,
    Unpublished,
    Lost,
    Endless,
}

impl End {
    fn text(self) -> &'static str {
        match self {
            Self::Succeeded => "a função deu certo",
            Self::QueueGaveUp => "a fila interna desistiu",
            Self::SourceGaveUp => "a origem desistiu",
            Self::Unpublished => "a AWS não publica o que vem depois",
            Self::Lost => "o evento se perdeu sem o 202 e sem ninguém desistir",
            Self::Endless => "a repetição não acabava",
        }
    }
}

/// O que uma origem faz com um envelope.
pub struct Delivery {
    pub source: Source,
    /// O que a API responde a cada entrega; a última resposta vale para as seguintes.
    pub answers: Vec<u16>,
    /// O que a função faz em cada chamada; se ela não consegue ler o envelope, falha de qualquer modo.
    pub script: Vec<Behavior>,
    /// A espera do EventBridge entre duas entregas, que não é publicada.
    pub pause: Duration,
}

/// O que sobrou da história.
pub struct Delivered {
    /// Quando a origem entregou.
    pub deliveries: Vec<Duration>,
    /// Quando a função rodou.
    pub runs: Vec<Duration>,
    /// O evento que ela recebeu em cada execução.
    pub events: Vec<Value>,
    /// As chaves que o `parse` tirou dele.
    pub keys: Vec<Result<Vec<String>, EnvelopeError>>,
    pub end: End,
}

impl Delivery {
    /// Entrega o envelope e acompanha tudo o que vem depois.
    pub async fn play(&self, envelope: &Value) -> Delivered {
        let start = Instant::now();
        let mut story = Delivered {
            deliveries: Vec::new(),
            runs: Vec::new(),
            events: Vec::new(),
            keys: Vec::new(),
            end: End::Endless,
        };
        while story.deliveries.len() < LIMIT {
            let status = self.answers.get(story.deliveries.len()).or(self.answers.last()).copied().unwrap_or(202);
            story.deliveries.push(start.elapsed());
            let retry = story.deliveries.len();
            match next_try(self.source, Happened::Answered(status)) {
                NextTry::Nothing if status == 202 => {
                    story.end = self.run(envelope, start, &mut story).await;
                    return story;
                }
                NextTry::Source { retries, within } => {
                    let wait = self.wait(retry);
                    if retry > retries as usize || start.elapsed() + wait > within {
                        story.end = End::SourceGaveUp;
                        return story;
                    }
                    sleep(wait).await;
                }
                NextTry::GivesUp => story.end = End::SourceGaveUp,
                NextTry::Unpublished => story.end = End::Unpublished,
                NextTry::Nothing | NextTry::Lambda { .. } => story.end = End::Lost,
            }
            if story.end != End::Endless {
                return story;
            }
        }
        story
    }

    /// A espera antes da `retry`-ésima nova entrega.
    fn wait(&self, retry: usize) -> Duration {
        match u32::try_from(retry).ok().and_then(sns_wait) {
            Some(Wait::Exactly(wait) | Wait::Between(wait, _)) if self.source == Source::Sns => wait,
            _ => self.pause,
        }
    }

    /// A fila interna chama a função: 1 min antes da segunda vez, 2 min antes da terceira; de 1 s a 5 min entre recusas.
    async fn run(&self, envelope: &Value, start: Instant, story: &mut Delivered) -> End {
        let timeline = Timeline::new(&[QUEUE, FUNCTION]);
        let function = Function::new(&timeline, RUN_TIME, self.script.clone());
        let event = Event {
            request_id: "00000000-0000-4000-8000-000000000005".to_owned(),
            payload: envelope.clone(),
            enqueued_at: Instant::now(),
        };
        let (mut errors, mut refusals) = (0, 0);
        while errors + refusals < LIMIT {
            let at = start.elapsed();
            let mut result = function.invoke(&event).await;
            if !matches!(result, Err(Failure::Throttled | Failure::SystemError)) {
                let read = parse(event.payload.clone());
                if let Err(error) = &read {
                    let error_message = error.to_string();
                    let error_type = "EnvelopeError".to_owned();
                    result = Err(Failure::FunctionError(FunctionError { error_message, error_type }));
                }
                story.runs.push(at);
                story.events.push(event.payload.clone());
                story.keys.push(read.map(|events| events.into_iter().map(|event| event.key).collect()));
            }
            let (happened, count, wait) = match result {
                Ok(_) => return End::Succeeded,
                Err(Failure::FunctionError(_)) => {
                    errors += 1;
                    (Happened::FunctionError, errors, seconds(60) * u32::try_from(errors).unwrap_or(u32::MAX))
                }
                Err(Failure::Throttled | Failure::SystemError) => {
                    refusals += 1;
                    (Happened::QueueThrottled, refusals, seconds(1 << (refusals - 1).min(9)).min(seconds(300)))
                }
            };
            match next_try(self.source, happened) {
                NextTry::Lambda { retries, within } => {
                    let exhausted = retries.is_some_and(|retries| count > retries as usize);
                    if exhausted || event.enqueued_at.elapsed() + wait > within {
                        return End::QueueGaveUp;
                    }
                }
                other => panic!(
                    "o 202 já saiu, e depois de {happened:?} quem tenta de novo é o Lambda, e não o {}; o seu `next_try` \
                     respondeu {other:?}",
                    self.source
                ),
            }
            sleep(wait).await;
        }
        End::Endless
    }
}

impl Delivered {
    /// Compara as entregas, as execuções (em milissegundos) e o fim; `rule` diz por quê.
    #[track_caller]
    pub fn expect(&self, deliveries: &[u64], runs: &[u64], end: End, rule: &str) {
        let at = |list: &[u64]| list.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        let tell = |deliveries: &[Duration], runs: &[Duration], end: End| {
            let instants = |list: &[Duration]| list.iter().map(|at| duration(*at)).collect::<Vec<_>>().join(", ");
            format!("entregas em [{}], execuções em [{}], e {}", instants(deliveries), instants(runs), end.text())
        };
        let expected = (at(deliveries), at(runs), end);
        expect_same!(
            (&self.deliveries, &self.runs, self.end),
            (&expected.0, &expected.1, end),
            "{rule}. O certo é: {}. Com o seu código: {}",
            tell(&expected.0, &expected.1, end),
            tell(&self.deliveries, &self.runs, self.end)
        );
    }

    /// Toda execução recebeu o mesmo envelope e leu dele a mesma coisa.
    #[track_caller]
    pub fn expect_keys(&self, envelope: &Value, expected: &Result<Vec<String>, EnvelopeError>) {
        for (number, (event, keys)) in self.events.iter().zip(&self.keys).enumerate() {
            expect_same!(
                (event, keys),
                (envelope, expected),
                "na execução {} a função recebe o mesmo envelope, e o `parse` dá {expected:?}: é pela chave que se reconhece a \
                 repetição. O seu deu {keys:?}",
                number + 1
            );
        }
    }
}
