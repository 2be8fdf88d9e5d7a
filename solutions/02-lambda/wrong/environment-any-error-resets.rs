//! Engano: qualquer erro da função derruba o ambiente, também o que o handler devolve.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::text::duration;
use kit::{Kind, Lane, Timeline};
use tokio::time::{Instant, sleep};

use crate::program::{Event, Failure, Leftover, Program, Reply, Storage};

/// Quem chama a função.
pub const CALLER: Lane = Lane { id: "caller", label: "quem chama" };

/// A raia de cada ambiente no desenho; do décimo em diante, todos dividem a última.
pub const ENVIRONMENTS: [Lane; 10] = [
    Lane { id: "environment_1", label: "ambiente 1" },
    Lane { id: "environment_2", label: "ambiente 2" },
    Lane { id: "environment_3", label: "ambiente 3" },
    Lane { id: "environment_4", label: "ambiente 4" },
    Lane { id: "environment_5", label: "ambiente 5" },
    Lane { id: "environment_6", label: "ambiente 6" },
    Lane { id: "environment_7", label: "ambiente 7" },
    Lane { id: "environment_8", label: "ambiente 8" },
    Lane { id: "environment_9", label: "ambiente 9" },
    Lane { id: "environment_10", label: "10 em diante" },
];

/// As extensões registradas na função: programas que rodam junto com ela.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extensions {
    /// Nenhuma.
    None,
    /// Só internas: dentro do processo do runtime.
    Internal,
    /// Pelo menos uma externa: um processo à parte.
    External,
}

impl Extensions {
    /// Quanto o ambiente tem, no encerramento, antes do `SIGKILL`.
    pub fn shutdown_limit(self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Internal => Duration::from_millis(500),
            Self::External => Duration::from_millis(2_000),
        }
    }
}

/// Como um ambiente está quando um evento chega a ele.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Acabou de ser criado: o código estático nunca rodou nele.
    New,
    /// Pronto: o código estático já rodou.
    Warm,
    /// Derrubado por uma queda ou por um tempo esgotado, à espera de começar de novo.
    Reset,
}

/// Quando o código estático roda em uma invocação.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitPlan {
    /// Antes da fase de invocação, fora do tempo da função.
    pub before: Duration,
    /// Dentro da fase de invocação, antes do handler: gasta o tempo da função.
    pub inside: Duration,
}

/// Decide quando o código estático, que leva `init`, roda em um ambiente neste estado.
pub fn init_plan(readiness: Readiness, init: Duration) -> InitPlan {
    const LIMIT: Duration = Duration::from_secs(10);
    match readiness {
        Readiness::Warm => InitPlan { before: Duration::ZERO, inside: Duration::ZERO },
        Readiness::Reset => InitPlan { before: Duration::ZERO, inside: init },
        Readiness::New if init <= LIMIT => InitPlan { before: init, inside: Duration::ZERO },
        Readiness::New => InitPlan { before: LIMIT, inside: init },
    }
}

/// Quando o Lambda encerra um ambiente. A AWS não publica estes tempos: aqui eles vêm de fora.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reclaim {
    /// Parado por tanto tempo, ele é encerrado.
    pub idle: Duration,
    /// Com tanto tempo de vida, ele é encerrado, mesmo que não pare de receber eventos.
    pub age: Duration,
}

/// Diz se um ambiente que parou há `idle` e foi criado há `age` ainda está de pé.
pub fn survives(idle: Duration, age: Duration, reclaim: &Reclaim) -> bool {
    idle < reclaim.idle && age < reclaim.age
}

/// Um ambiente de execução.
#[derive(Debug, Clone)]
pub struct Environment {
    /// O número, na ordem em que foram criados, a partir de 1.
    pub number: u32,
    /// Como ele está.
    pub readiness: Readiness,
    /// As variáveis globais da função.
    pub memory: Storage,
    /// Os arquivos de `/tmp`.
    pub tmp: Storage,
    /// Os trabalhos em segundo plano que ficaram parados com ele.
    pub leftovers: Vec<Leftover>,
    /// Quando foi criado.
    pub created_at: Instant,
    /// Quando parou pela última vez.
    pub idle_since: Instant,
}

impl Environment {
    /// O fim de uma invocação que durou `ran`: o que o ambiente guarda e como ele fica.
    pub fn finish(&mut self, ran: Duration, result: &Result<Reply, Failure>) {
        self.idle_since = Instant::now();
        if result.is_err() {
            self.readiness = Readiness::Reset;
            self.memory.clear();
            self.leftovers.clear();
            return;
        }
        self.readiness = Readiness::Warm;
        for mut leftover in std::mem::take(&mut self.leftovers) {
            if leftover.remaining <= ran {
                self.memory.insert(leftover.name, 1);
            } else {
                leftover.remaining -= ran;
                self.leftovers.push(leftover);
            }
        }
        if let Ok(Reply { leftover: Some(leftover), .. }) = result {
            self.leftovers.push(leftover.clone());
        }
    }
}

/// A configuração da função que importa aqui.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// O `Timeout` da função.
    pub timeout: Duration,
    /// As extensões registradas.
    pub extensions: Extensions,
    /// Quando um ambiente é encerrado.
    pub reclaim: Reclaim,
}

/// Uma invocação, contada por quem a viu de fora.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// O ambiente que atendeu.
    pub environment: u32,
    /// Como ele estava quando o evento chegou.
    pub start: Readiness,
    /// Quanto durou a fase de invocação, com o que da inicialização rodou dentro dela.
    pub duration: Duration,
    /// O resultado.
    pub result: Result<Reply, Failure>,
}

/// Os ambientes de uma função.
#[derive(Debug)]
pub struct Fleet {
    settings: Settings,
    program: Program,
    timeline: Timeline,
    idle: Mutex<Vec<Environment>>,
    created: AtomicU32,
    retired: Mutex<Vec<u32>>,
}

impl Fleet {
    /// Uma frota vazia: nenhum ambiente existe antes do primeiro evento.
    pub fn new(settings: Settings, program: Program, timeline: &Timeline) -> Self {
        Self {
            settings,
            program,
            timeline: timeline.clone(),
            idle: Mutex::default(),
            created: AtomicU32::new(0),
            retired: Mutex::default(),
        }
    }

    /// Quantos ambientes já foram criados.
    pub fn created(&self) -> u32 {
        self.created.load(Ordering::Relaxed)
    }

    /// Os números dos ambientes encerrados, em ordem.
    pub fn retired(&self) -> Vec<u32> {
        let mut retired = lock(&self.retired).clone();
        retired.sort_unstable();
        retired
    }

    /// Os ambientes ociosos, como estão agora.
    pub fn idle(&self) -> Vec<Environment> {
        lock(&self.idle).clone()
    }

    /// Mexe na lista dos ambientes ociosos. A trava é solta quando `change` volta, antes de qualquer `await`.
    pub fn with_idle<T>(&self, change: impl FnOnce(&mut Vec<Environment>) -> T) -> T {
        change(&mut lock(&self.idle))
    }

    /// Cria um ambiente; a inicialização dele fica para a invocação.
    pub fn create(&self) -> Environment {
        let number = self.created.fetch_add(1, Ordering::Relaxed) + 1;
        let now = Instant::now();
        Environment {
            number,
            readiness: Readiness::New,
            memory: self.program.globals(),
            tmp: Storage::new(),
            leftovers: Vec::new(),
            created_at: now,
            idle_since: now,
        }
    }

    /// Encerra um ambiente: a memória e o `/tmp` dele se vão.
    pub fn retire(&self, environment: Environment) {
        let limit = self.settings.extensions.shutdown_limit();
        let text = format!("já encerrado, em até {}", duration(limit));
        self.timeline.record(lane(environment.number), Kind::Dropped, text);
        lock(&self.retired).push(environment.number);
    }

    /// Encerra os ociosos que já não sobrevivem e devolve um dos que restam; se não resta nenhum, cria um.
    pub fn take(&self) -> Environment {
        let now = Instant::now();
        let (kept, expired) = self.with_idle(|idle| {
            let all = std::mem::take(idle);
            let (mut alive, expired): (Vec<_>, Vec<_>) = all.into_iter().partition(|each: &Environment| {
                survives(now - each.idle_since, now - each.created_at, &self.settings.reclaim)
            });
            let kept = alive.pop();
            *idle = alive;
            (kept, expired)
        });
        for environment in expired {
            self.retire(environment);
        }
        kept.unwrap_or_else(|| self.create())
    }

    /// Atende um evento: pega um ambiente, inicializa se for preciso, roda o handler dentro do tempo da função e devolve o
    /// ambiente aos ociosos.
    pub async fn invoke(&self, event: &Event) -> Invocation {
        use tokio::time::timeout;

        let mut environment = self.take();
        let start = environment.readiness;
        let plan = init_plan(start, self.program.init());
        self.wait_init(&environment, &plan).await;

        if start != Readiness::Warm {
            environment.memory = self.program.globals();
        }
        let began = Instant::now();
        let running = async {
            sleep(plan.inside).await;
            self.program.handle(event, &mut environment.memory, &mut environment.tmp).await
        };
        let result = timeout(self.settings.timeout, running).await.unwrap_or(Err(Failure::TimedOut));
        let duration = began.elapsed();

        environment.finish(duration, &result);
        let invocation = Invocation { environment: environment.number, start, duration, result };
        self.record(event, &plan, &invocation);
        self.with_idle(|idle| idle.push(environment));
        invocation
    }

    /// Espera a parte da inicialização que vem antes da invocação e a anota na linha do tempo. Sem espera, não anota nada.
    pub async fn wait_init(&self, environment: &Environment, plan: &InitPlan) {
        if plan.before.is_zero() {
            return;
        }
        let since = Instant::now();
        sleep(plan.before).await;
        let (kind, ending) = if plan.inside.is_zero() {
            (Kind::Started, "")
        } else {
            (Kind::Error, ", cortada: recomeça dentro da invocação")
        };
        let text = format!("inicialização, {}{ending}", duration(plan.before));
        self.timeline.record_since(since, lane(environment.number), kind, text);
    }

    /// Anota na linha do tempo uma invocação que acabou agora.
    pub fn record(&self, event: &Event, plan: &InitPlan, invocation: &Invocation) {
        let now = Instant::now();
        let began = now.checked_sub(invocation.duration).unwrap_or(now);
        let init = if plan.inside.is_zero() {
            String::new()
        } else {
            format!(", com {} de inicialização", duration(plan.inside))
        };
        let (kind, ending) = match &invocation.result {
            Ok(reply) => (Kind::Success, format!("visita {} na memória, {} em /tmp", reply.in_memory, reply.in_tmp)),
            Err(Failure::Error(error)) => (Kind::Error, format!("erro {}; o ambiente continua", error.error_type)),
            Err(Failure::Crashed) => (Kind::Error, "o processo caiu; a memória se perde".to_owned()),
            Err(Failure::TimedOut) => (Kind::Error, "tempo esgotado; a memória se perde".to_owned()),
        };
        let text = format!("evento {}{init}: {ending}", event.number);
        self.timeline.record_since(began, lane(invocation.environment), kind, text);
    }
}

/// A raia de um ambiente.
fn lane(number: u32) -> Lane {
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    ENVIRONMENTS[index.min(ENVIRONMENTS.len() - 1)]
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nenhum código que possa entrar em pânico roda com a trava na mão.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
