//! Um processo filho com limites: prazo, memória, tamanho da saída, e Ctrl-C. Só funções seguras e portáveis.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use process_wrap::std::{ChildWrapper, CommandWrap};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::interrupt;

/// Os limites de um processo; `None` quer dizer sem limite.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub deadline: Option<Duration>,
    /// Memória residente, em bytes.
    pub memory: Option<u64>,
    /// Quanto se guarda de cada saída, em bytes; passar disso encerra o processo.
    pub output: Option<usize>,
}

/// Como o processo acabou.
#[derive(Debug)]
pub enum End {
    Finished(ExitStatus),
    Deadline,
    Memory,
    Output,
}

#[derive(Debug)]
pub struct Finished {
    pub end: End,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub duration: Duration,
}

enum Piece {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// Quanto se espera entre duas olhadas no processo: curto no começo, porque um teste leva milissegundos.
const SHORTEST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(25);
/// Um neto que herdou a saída não segura o avaliador: depois deste tempo, o que chegou é o que vale.
const DRAIN: Duration = Duration::from_millis(500);

/// Roda até o fim, entregando a `on_stderr` cada pedaço da saída de erro à medida que chega.
pub fn run(mut command: Command, limits: Limits, mut on_stderr: impl FnMut(&[u8])) -> Result<Finished> {
    let start = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = in_its_own_group(command).spawn().with_context(|| format!("não consegui iniciar `{program}`"))?;
    let (sender, receiver) = mpsc::sync_channel(64);
    if let Some(stdout) = child.stdout().take() {
        pump(stdout, sender.clone(), Piece::Stdout);
    }
    if let Some(stderr) = child.stderr().take() {
        pump(stderr, sender.clone(), Piece::Stderr);
    }
    drop(sender);

    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut take = |piece: Piece| {
        let kept = match piece {
            Piece::Stdout(bytes) => {
                stdout.extend_from_slice(&bytes);
                stdout.len()
            }
            Piece::Stderr(bytes) => {
                on_stderr(&bytes);
                stderr.extend_from_slice(&bytes);
                stderr.len()
            }
        };
        limits.output.is_some_and(|limit| kept > limit)
    };
    let mut meter = MemoryMeter::new(child.id(), limits.memory);
    let mut nap = SHORTEST_NAP;
    let mut open = true;
    let end = loop {
        if interrupt::requested() {
            kill(&mut *child);
            return Err(interrupt::Interrupted.into());
        }
        if open {
            match receiver.recv_timeout(nap) {
                Ok(piece) => {
                    if take(piece) {
                        break End::Output;
                    }
                    // Quem escreve sem parar também tem prazo e limite de memória: segue para as perguntas abaixo.
                    nap = SHORTEST_NAP;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => open = false,
            }
        } else {
            std::thread::sleep(nap);
        }
        nap = (nap * 2).min(LONGEST_NAP);
        if let Some(status) = child.try_wait().context("não consegui esperar o processo")? {
            break End::Finished(status);
        }
        if limits.deadline.is_some_and(|deadline| start.elapsed() >= deadline) {
            break End::Deadline;
        }
        if meter.exceeded() {
            break End::Memory;
        }
    };
    let duration = start.elapsed();
    if !matches!(end, End::Finished(_)) {
        kill(&mut *child);
    }
    let drained = Instant::now();
    while let Ok(piece) = receiver.recv_timeout(DRAIN.saturating_sub(drained.elapsed())) {
        if take(piece) {
            break;
        }
    }
    Ok(Finished { end, stdout, stderr, duration })
}

fn pump(mut from: impl Read + Send + 'static, to: mpsc::SyncSender<Piece>, piece: fn(Vec<u8>) -> Piece) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 || to.send(piece(buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
}

/// O cargo inicia o rustc, e um teste pode iniciar outros: encerrar o grupo encerra todos.
fn in_its_own_group(command: Command) -> CommandWrap {
    let mut wrap = CommandWrap::from(command);
    #[cfg(unix)]
    wrap.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    wrap.wrap(process_wrap::std::JobObject);
    wrap
}

fn kill(child: &mut dyn ChildWrapper) {
    // Se o processo já terminou sozinho não há o que encerrar; esperar recolhe o que restou dele.
    let _ = child.kill();
    let _ = child.wait();
}

/// Mede a memória residente de tempos em tempos: funciona igual nos três sistemas, ao contrário dos limites do próprio sistema.
struct MemoryMeter {
    /// Falta onde o sistema não deixa medir: ali quem para uma alocação sem fim é o prazo.
    system: Option<System>,
    pid: Pid,
    limit: Option<u64>,
    next: Instant,
}

impl MemoryMeter {
    const INTERVAL: Duration = Duration::from_millis(20);

    fn new(id: u32, limit: Option<u64>) -> Self {
        Self { system: System::new().ok(), pid: Pid::from_u32(id), limit, next: Instant::now() + Self::INTERVAL }
    }

    fn exceeded(&mut self) -> bool {
        let (Some(limit), Some(system)) = (self.limit, &mut self.system) else { return false };
        if Instant::now() < self.next {
            return false;
        }
        self.next = Instant::now() + Self::INTERVAL;
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[self.pid]),
            true,
            ProcessRefreshKind::nothing().with_memory(),
        );
        system.process(self.pid).is_some_and(|process| process.memory() > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sysinfo::ProcessStatus;

    /// Um programa que escreve aos poucos, sem parar: cada pedaço chega antes de qualquer espera vencer.
    #[cfg(unix)]
    #[test]
    fn a_process_that_never_stops_writing_still_has_a_deadline() {
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do echo x >&2; sleep 0.001; done"]);
        let limits = Limits { deadline: Some(Duration::from_millis(300)), ..Limits::default() };
        assert!(matches!(run(command, limits, |_| {}).unwrap().end, End::Deadline));
    }

    /// O filho termina, mas o neto herdou a saída e a seguraria para sempre.
    #[cfg(unix)]
    #[test]
    fn a_deadline_ends_the_grandchildren_too() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 86399 & echo $!; wait"]);
        let limits = Limits { deadline: Some(Duration::from_millis(300)), ..Limits::default() };
        let finished = run(command, limits, |_| {}).unwrap();
        assert!(matches!(finished.end, End::Deadline));
        let grandchild: u32 = String::from_utf8_lossy(&finished.stdout).trim().parse().unwrap();
        let mut system = System::new().unwrap();
        let mut alive = || {
            system.refresh_processes(ProcessesToUpdate::Some(&[Pid::from_u32(grandchild)]), true);
            // Encerrado, ele pode demorar a ser recolhido por quem o herdou.
            system.process(Pid::from_u32(grandchild)).is_some_and(|process| {
                process.name() == "sleep" && !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead)
            })
        };
        // O sinal já foi, mas em uma máquina ocupada o processo só o vê quando ganha a vez.
        let start = Instant::now();
        while alive() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(LONGEST_NAP);
        }
        assert!(!alive(), "o neto {grandchild} continua vivo");
    }
}
