//! A fila do compilador: um pedido de cada vez, e quem espera recebe sempre a versão mais nova.
//!
//! ```text
//! pedido ─┐                      ┌─► o código mudou no meio: compila de novo, e quem pediu depois entra junto
//! pedido ─┴─► um só trabalho ────┤
//! pedido ────► espera a vez      └─► não mudou: a mesma resposta para todos
//! ```
//!
//! O cargo já trava a pasta de compilação; duas compilações ao mesmo tempo só esperariam uma pela outra.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use grader::build::Diagnostic;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

/// Depois de tantas voltas com o arquivo mudando, é melhor dizer que esperar para sempre.
const ATTEMPTS: usize = 4;

/// O que se pede ao compilador.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Job {
    /// Os testes de um capítulo (o nome sem número), com o código de quem lê.
    Tests(String),
    /// O laboratório de um capítulo, com o código de quem lê.
    Lab(String),
}

impl Job {
    pub fn chapter(&self) -> &str {
        match self {
            Self::Tests(chapter) | Self::Lab(chapter) => chapter,
        }
    }
}

/// O que o compilador devolveu.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    /// Falta quando não compilou.
    pub module: Option<Bytes>,
    pub diagnostics: Vec<Diagnostic>,
    /// Os passos que não compilaram e estão no módulo como esqueletos.
    pub step_errors: Vec<String>,
}

/// Um trabalho pronto e as somas dos passos do capítulo que foram compilados.
#[derive(Debug, Clone)]
pub struct Done {
    pub compiled: Compiled,
    pub hashes: BTreeMap<String, String>,
}

/// A resposta de um trabalho; o erro já é o texto que a pessoa lê.
pub type Outcome = Result<Arc<Done>, String>;

/// Compila de verdade: bloqueia, e por isso roda fora das tarefas do servidor.
pub type Compile = dyn Fn(&Job) -> anyhow::Result<Compiled> + Send + Sync;
/// As somas dos passos de um capítulo como estão no disco agora.
pub type Snapshot = dyn Fn(&str) -> BTreeMap<String, String> + Send + Sync;

pub struct Builds {
    compile: Box<Compile>,
    snapshot: Box<Snapshot>,
    turn: AsyncMutex<()>,
    waiting: Mutex<HashMap<Job, Vec<oneshot::Sender<Outcome>>>>,
}

impl Builds {
    pub fn new(compile: Box<Compile>, snapshot: Box<Snapshot>) -> Self {
        Self { compile, snapshot, turn: AsyncMutex::default(), waiting: Mutex::default() }
    }

    /// Entra na fila; pedidos iguais que ainda esperam a vez viram um trabalho só.
    pub async fn run(self: &Arc<Self>, job: Job) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        if self.enqueue(&job, sender) {
            // Em tarefa própria: se quem pediu desistir, os que se juntaram a ele ainda recebem a resposta.
            tokio::spawn(Arc::clone(self).work(job));
        }
        receiver.await.unwrap_or_else(|_| Err("o servidor está parando".to_owned()))
    }

    /// Verdadeiro para o primeiro da fila deste trabalho.
    fn enqueue(&self, job: &Job, sender: oneshot::Sender<Outcome>) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = waiting.entry(job.clone()).or_default();
        queue.push(sender);
        queue.len() == 1
    }

    fn take(&self, job: &Job) -> Vec<oneshot::Sender<Outcome>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(job).unwrap_or_default()
    }

    async fn work(self: Arc<Self>, job: Job) {
        let _turn = self.turn.lock().await;
        let mut waiting = self.take(&job);
        if waiting.iter().all(oneshot::Sender::is_closed) {
            // Todos desistiram, ou um trabalho anterior, atropelado por uma edição, já os levou junto.
            return;
        }
        let mut outcome = Err("o código mudou durante a compilação; espere parar de mudar e rode de novo".to_owned());
        for _ in 0..ATTEMPTS {
            let before = (self.snapshot)(job.chapter());
            let compiled = self.compile(&job).await;
            let settled = before == (self.snapshot)(job.chapter());
            if settled {
                outcome = compiled.map(|compiled| Arc::new(Done { compiled, hashes: before }));
                break;
            }
            waiting.extend(self.take(&job));
        }
        for sender in waiting {
            // Quem fechou a página não espera mais resposta.
            let _ = sender.send(outcome.clone());
        }
    }

    async fn compile(self: &Arc<Self>, job: &Job) -> Result<Compiled, String> {
        let (builds, job) = (Arc::clone(self), job.clone());
        match tokio::task::spawn_blocking(move || (builds.compile)(&job)).await {
            Ok(result) => result.map_err(|error| format!("{error:#}")),
            Err(_) => Err("o compilador parou no meio; veja a mensagem no terminal e rode de novo".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    fn job() -> Job {
        Job::Tests("async-invocation".into())
    }

    fn version(number: usize) -> BTreeMap<String, String> {
        BTreeMap::from([("queue".to_owned(), number.to_string())])
    }

    /// Uma fila cujo compilador avisa quando começa e espera licença para terminar.
    struct Held {
        builds: Arc<Builds>,
        started: mpsc::Receiver<usize>,
        finish: mpsc::Sender<()>,
        source: Arc<AtomicUsize>,
    }

    fn held() -> Held {
        let (announce, started) = mpsc::channel();
        let (finish, wait) = mpsc::channel();
        let wait = Mutex::new(wait);
        let source = Arc::new(AtomicUsize::new(1));
        let (count, seen) = (AtomicUsize::new(0), Arc::clone(&source));
        let compile = move |_: &Job| {
            announce.send(count.fetch_add(1, Ordering::SeqCst) + 1)?;
            wait.lock().unwrap().recv()?;
            Ok(Compiled::default())
        };
        let snapshot = move |_: &str| version(seen.load(Ordering::SeqCst));
        Held { builds: Arc::new(Builds::new(Box::new(compile), Box::new(snapshot))), started, finish, source }
    }

    #[tokio::test]
    async fn equal_requests_that_wait_become_one_build() {
        let held = held();
        let run = || {
            tokio::spawn({
                let builds = Arc::clone(&held.builds);
                async move { builds.run(job()).await }
            })
        };
        let first = run();
        tokio::task::yield_now().await;
        let started = tokio::task::spawn_blocking(move || {
            let n = held.started.recv();
            (n, held.started)
        });
        let (number, started) = started.await.unwrap();
        assert_eq!(number, Ok(1));
        let (second, third) = (run(), run());
        while held.builds.waiting.lock().unwrap().get(&job()).map(Vec::len) != Some(2) {
            tokio::task::yield_now().await;
        }
        held.finish.send(()).unwrap();
        held.finish.send(()).unwrap();
        for waiting in [first, second, third] {
            assert_eq!(waiting.await.unwrap().unwrap().hashes, version(1));
        }
        assert_eq!(
            started.iter().take(1).collect::<Vec<_>>(),
            [2],
            "o segundo e o terceiro pedido foram um só trabalho"
        );
        assert!(started.try_recv().is_err());
    }

    #[tokio::test]
    async fn an_edit_during_the_build_makes_everybody_wait_for_the_newest() {
        let held = held();
        let run = || {
            tokio::spawn({
                let builds = Arc::clone(&held.builds);
                async move { builds.run(job()).await }
            })
        };
        let first = run();
        let started = tokio::task::spawn_blocking(move || {
            let n = held.started.recv();
            (n, held.started)
        });
        let (number, started) = started.await.unwrap();
        assert_eq!(number, Ok(1));
        held.source.store(2, Ordering::SeqCst);
        let second = run();
        while !held.builds.waiting.lock().unwrap().contains_key(&job()) {
            tokio::task::yield_now().await;
        }
        held.finish.send(()).unwrap();
        held.finish.send(()).unwrap();
        for waiting in [first, second] {
            assert_eq!(waiting.await.unwrap().unwrap().hashes, version(2));
        }
        assert_eq!(started.try_recv(), Ok(2));
        assert!(started.try_recv().is_err(), "a versão velha foi atropelada: duas compilações ao todo");
    }

    #[tokio::test]
    async fn a_source_that_never_settles_ends_in_a_message() {
        let source = AtomicUsize::new(0);
        let builds = Arc::new(Builds::new(
            Box::new(|_| Ok(Compiled::default())),
            Box::new(move |_| version(source.fetch_add(1, Ordering::SeqCst))),
        ));
        let message = builds.run(job()).await.unwrap_err();
        assert!(message.contains("mudou durante a compilação"), "{message}");
    }

    #[tokio::test]
    async fn nobody_waiting_means_nothing_to_build() {
        let held = held();
        let (sender, receiver) = oneshot::channel();
        held.builds.enqueue(&job(), sender);
        drop(receiver);
        Arc::clone(&held.builds).work(job()).await;
        assert!(held.started.try_recv().is_err());
    }
}
