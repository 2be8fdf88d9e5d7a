//! Uma frota nos testes do passo `environment`: eventos que chegam em instantes marcados, e o que aconteceu com cada um.

use std::sync::Arc;
use std::time::Duration;

use kit::Timeline;
use kit::text::duration;
use lambda::environment::{Extensions, Fleet, Invocation, Readiness, Reclaim, Settings};
use lambda::program::{Behavior, Event, Failure, Leftover, Program, Reply};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{expect_same, finish};

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Função com timeout de 3 s, sem extensões; um ambiente parado por 10 min é encerrado, e nenhum vive mais que 4 h.
pub const SETTINGS: Settings = Settings {
    timeout: Duration::from_secs(3),
    extensions: Extensions::None,
    reclaim: Reclaim { idle: Duration::from_secs(600), age: Duration::from_secs(4 * 3_600) },
};

/// Um evento que chega em um instante.
#[derive(Clone)]
pub struct Arrival {
    pub at: Duration,
    pub takes: Duration,
    pub behavior: Behavior,
}

/// Um evento que dá certo.
pub fn at(at_ms: u64, takes_ms: u64) -> Arrival {
    Arrival { at: ms(at_ms), takes: ms(takes_ms), behavior: Behavior::Succeed }
}

impl Arrival {
    pub fn fails(self) -> Self {
        Self { behavior: Behavior::Fail, ..self }
    }

    pub fn crashes(self) -> Self {
        Self { behavior: Behavior::Crash, ..self }
    }

    pub fn leaves(self, name: &str, remaining_ms: u64) -> Self {
        let leftover = Leftover { name: name.to_owned(), remaining: ms(remaining_ms) };
        Self { behavior: Behavior::Leave(leftover), ..self }
    }
}

/// Uma invocação com o instante em que terminou.
pub struct Seen {
    pub ended_at: Duration,
    pub invocation: Invocation,
}

/// O que aconteceu com uma série de eventos.
pub struct Day {
    pub fleet: Arc<Fleet>,
    pub timeline: Timeline,
    /// Na ordem dos eventos.
    pub seen: Vec<Seen>,
}

impl Day {
    /// Manda os eventos, cada um no seu instante, sem que um espere pelo outro.
    pub async fn play(settings: Settings, init: Duration, arrivals: &[Arrival]) -> Self {
        let timeline = Timeline::new(&[]);
        let fleet = Arc::new(Fleet::new(settings, Program::new(init), &timeline));
        let mut running = JoinSet::new();
        for (number, arrival) in (1..).zip(arrivals.iter().cloned()) {
            let (fleet, timeline) = (Arc::clone(&fleet), timeline.clone());
            running.spawn(async move {
                sleep(arrival.at).await;
                let event = Event { number, takes: arrival.takes, behavior: arrival.behavior };
                let invocation = fleet.invoke(&event).await;
                (number, Seen { ended_at: timeline.elapsed(), invocation })
            });
        }
        let mut seen = finish("todo evento é atendido", "o seu `invoke`", running.join_all()).await;
        seen.sort_by_key(|(number, _)| *number);
        let seen = seen.into_iter().map(|(_, seen)| seen).collect();
        Self { fleet, timeline, seen }
    }

    /// O ambiente que atendeu cada evento.
    pub fn environments(&self) -> Vec<u32> {
        self.seen.iter().map(|each| each.invocation.environment).collect()
    }

    /// Como estava o ambiente de cada evento.
    pub fn starts(&self) -> Vec<Readiness> {
        self.seen.iter().map(|each| each.invocation.start).collect()
    }

    /// O que o contador da memória mostrou em cada resposta; `None` onde a execução falhou.
    pub fn in_memory(&self) -> Vec<Option<u64>> {
        self.replies(|reply| reply.in_memory)
    }

    /// O que o contador de `/tmp` mostrou.
    pub fn in_tmp(&self) -> Vec<Option<u64>> {
        self.replies(|reply| reply.in_tmp)
    }

    /// O que a tabela mostrou.
    pub fn in_table(&self) -> Vec<Option<u64>> {
        self.replies(|reply| reply.in_table)
    }

    fn replies(&self, counter: impl Fn(&Reply) -> u64) -> Vec<Option<u64>> {
        self.seen.iter().map(|each| each.invocation.result.as_ref().ok().map(&counter)).collect()
    }

    /// Confere em que instante cada evento terminou.
    #[track_caller]
    pub fn expect_ends(&self, expected_ms: &[u64], rule: &str) {
        for ((number, each), expected) in (1..).zip(&self.seen).zip(expected_ms) {
            expect_same!(
                each.ended_at,
                ms(*expected),
                "{rule}: o evento {number} termina aos {}; na sua frota terminou aos {}",
                duration(ms(*expected)),
                duration(each.ended_at)
            );
        }
    }

    /// Confere quantos ambientes foram criados ao todo.
    #[track_caller]
    pub fn expect_created(&self, expected: u32, rule: &str) {
        let created = self.fleet.created();
        expect_same!(
            created,
            expected,
            "{rule}: são {}; a sua frota criou {}, e os eventos foram para {:?}",
            environments(expected),
            environments(created),
            self.environments()
        );
    }
}

/// `1, falha, 3`: o que um contador mostrou a cada evento.
pub fn shown(counters: &[Option<u64>]) -> String {
    let texts = counters.iter().map(|each| each.map_or("falha".to_owned(), |number| number.to_string()));
    texts.collect::<Vec<_>>().join(", ")
}

/// Como uma invocação terminou.
pub fn ended(result: &Result<Reply, Failure>) -> &'static str {
    match result {
        Ok(_) => "deu certo",
        Err(Failure::Error(_)) => "devolveu um erro",
        Err(Failure::Crashed) => "caiu",
        Err(Failure::TimedOut) => "estourou o tempo",
    }
}

/// `upload com 0,1 s, metrics com 0,05 s`.
pub fn pending(leftovers: &[Leftover]) -> String {
    if leftovers.is_empty() {
        return "nada".to_owned();
    }
    let texts = leftovers.iter().map(|each| format!("{} com {}", each.name, duration(each.remaining)));
    texts.collect::<Vec<_>>().join(", ")
}

/// `1 ambiente`, `3 ambientes`.
pub fn environments(number: u32) -> String {
    kit::text::count(usize::try_from(number).unwrap_or(usize::MAX), "ambiente", "ambientes")
}
