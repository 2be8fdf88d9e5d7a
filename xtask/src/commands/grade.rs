//! `cargo xtask grade`: avalia o que o leitor escreveu (ou as respostas) e diz o que fazer agora.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use grader::build::Source;
use grader::course::{Chapter, Course, Step, slashed};
use grader::report::{self, Style};
use grader::run::{DEFAULT_TIMEOUT, Options};
use grader::score::{self, Host, Report, Request};
use grader::{files, interrupt};
use notify::{RecursiveMode, Watcher};

use crate::cli::{Format, Grade};
use crate::commands::setup;
use crate::say;

pub fn run(arguments: &Grade) -> Result<ExitCode> {
    let course = Course::find()?;
    let selection = select(&course, &arguments.names)?;
    if arguments.setup {
        setup::install(false)?;
    }
    if arguments.watch {
        return watch(&course, &selection, arguments);
    }
    let report = grade(&course, &selection, arguments)?;
    emit(&course, &report, arguments)?;
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

type Selection<'a> = Vec<(&'a Chapter, Vec<&'a Step>)>;

/// O que foi pedido, na ordem do curso: capítulos inteiros ou passos; sem nada, tudo.
fn select<'a>(course: &'a Course, names: &[String]) -> Result<Selection<'a>> {
    let mut wanted = Vec::new();
    for name in names {
        match course.chapter(name) {
            Some(chapter) => wanted.extend(chapter.steps.iter().map(|step| &step.id)),
            None => wanted.push(&course.find_step(name)?.1.id),
        }
    }
    let selected = |step: &&Step| names.is_empty() || wanted.contains(&&step.id);
    let chapters = course.chapters.iter().map(|chapter| (chapter, chapter.steps.iter().filter(selected).collect()));
    Ok(chapters.filter(|(_, steps): &(_, Vec<_>)| !steps.is_empty()).collect())
}

fn grade(course: &Course, selection: &Selection, arguments: &Grade) -> Result<Report> {
    let request = Request {
        source: if arguments.solutions { Source::Solution } else { Source::Reader },
        host: if arguments.sandbox { Host::Sandbox } else { Host::Native },
        options: Options {
            timeout: arguments.timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs_f64),
            jobs: arguments.jobs.unwrap_or(Options::default().jobs),
        },
    };
    let chapters = selection.iter().map(|(chapter, steps)| score::grade(course, chapter, steps, &request));
    Ok(Report::new(chapters.collect::<Result<_>>()?))
}

fn emit(course: &Course, report: &Report, arguments: &Grade) -> Result<()> {
    let color = arguments.output.is_none() && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match arguments.format {
        Format::Human => report::human(course, report, !arguments.solutions, Style { color }),
        Format::Json => report::json(report)?,
    };
    match &arguments.output {
        Some(path) => {
            write_report(path, &text)?;
            eprintln!("O relatório está em {}.", path.display());
        }
        None => say!("{text}"),
    }
    Ok(())
}

/// Grava o relatório inteiro ou nada; um destino que não é um arquivo comum (`/dev/stdout`, um FIFO) só recebe o texto.
fn write_report(path: &Path, text: &str) -> Result<()> {
    // Uma ligação leva ao arquivo verdadeiro; o que ainda não existe será criado.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    match std::fs::metadata(&real) {
        Ok(found) if !found.is_file() => {
            std::fs::write(&real, text).with_context(|| format!("não consegui gravar {}", path.display()))
        }
        _ => files::write_atomic(&real, text.as_bytes()),
    }
}

/// Avalia de novo a cada gravação, até o Ctrl-C. Um erro (o disco cheio, por exemplo) aparece e a espera continua.
fn watch(course: &Course, selection: &Selection, arguments: &Grade) -> Result<ExitCode> {
    let (sender, receiver) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender).context("não consegui observar os arquivos")?;
    let dirs: Vec<PathBuf> = selection.iter().map(|(chapter, _)| watched_dir(course, chapter, arguments)).collect();
    for dir in &dirs {
        watcher
            .watch(dir, RecursiveMode::Recursive)
            .with_context(|| format!("não consegui observar {}", dir.display()))?;
    }
    loop {
        if std::io::stdout().is_terminal() {
            // Limpa a tela: o resultado da vez anterior só confundiria.
            say!("\x1b[2J\x1b[H");
        }
        match grade(course, selection, arguments) {
            Ok(report) => emit(course, &report, arguments)?,
            Err(error) if error.is::<interrupt::Interrupted>() => return Ok(ExitCode::SUCCESS),
            Err(error) => eprintln!("erro: {error:#}"),
        }
        let names: Vec<_> = selection.iter().map(|(chapter, _)| slashed(&chapter.exercise_dir())).collect();
        eprintln!("\nEsperando você salvar algo em {}… (Ctrl-C encerra)", names.join(", "));
        if !wait_for_change(&receiver)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn watched_dir(course: &Course, chapter: &Chapter, arguments: &Grade) -> PathBuf {
    let dir = if arguments.solutions { chapter.solution_dir() } else { chapter.exercise_dir() };
    course.root.join(dir)
}

/// Espera uma mudança em um arquivo Rust e junta as que vêm logo atrás; falso quando pediram para parar.
fn wait_for_change(events: &mpsc::Receiver<notify::Result<notify::Event>>) -> Result<bool> {
    const LOOK_AROUND: Duration = Duration::from_millis(100);
    let mut changed = false;
    loop {
        if interrupt::requested() {
            return Ok(false);
        }
        match events.recv_timeout(LOOK_AROUND) {
            Ok(Ok(event)) => changed |= matters(&event),
            Ok(Err(error)) => return Err(error).context("a observação dos arquivos falhou"),
            Err(RecvTimeoutError::Timeout) if changed => return Ok(true),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("a observação dos arquivos parou"),
        }
    }
}

fn matters(event: &notify::Event) -> bool {
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    !event.kind.is_access() && event.paths.iter().any(|path| is_rust(path))
}
