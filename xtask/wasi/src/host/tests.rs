//! Cada chamada sobre uma memória de 64 KiB, com argumentos bons e com argumentos hostis.

use crate::{DEFAULT_OUTPUT_LIMIT, Ending, Host, Program, Stop, errno, lab_program};

const SIZE: usize = 64 * 1024;
/// Um endereço que não existe e um tamanho que não cabe.
const HUGE: i64 = 0xFFFF_FFF8;

struct Machine {
    host: Host,
    memory: Vec<u8>,
}

impl Machine {
    fn new(program: Program) -> Self {
        Self { host: Host::new(program), memory: vec![0; SIZE] }
    }

    fn call(&mut self, import: &str, args: &[i64]) -> Result<i32, Stop> {
        let mut view = self.memory.as_mut_slice();
        self.host.call(&mut view, import, args)
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.memory[at..at + 4].try_into().expect("quatro bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.memory[at..at + 8].try_into().expect("oito bytes"))
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Uma tabela de trechos em 1024.
    fn iovecs(&mut self, iovecs: &[(u32, u32)]) {
        for (index, (start, len)) in iovecs.iter().enumerate() {
            self.put(1024 + 8 * index, &start.to_le_bytes());
            self.put(1028 + 8 * index, &len.to_le_bytes());
        }
    }
}

fn program() -> Program {
    Program {
        args: vec!["grade".to_owned(), "é".to_owned()],
        environ: vec![("A".to_owned(), "1".to_owned())],
        stdin: b"entrada".to_vec(),
        output_limit: DEFAULT_OUTPUT_LIMIT,
    }
}

#[test]
fn args_and_environment_are_pointers_to_zero_terminated_texts() {
    let mut machine = Machine::new(program());
    assert_eq!(machine.call("args_sizes_get", &[0, 4]), Ok(errno::SUCCESS));
    assert_eq!((machine.u32(0), machine.u32(4)), (2, 9));
    assert_eq!(machine.call("args_get", &[16, 100]), Ok(errno::SUCCESS));
    assert_eq!((machine.u32(16), machine.u32(20)), (100, 106));
    assert_eq!(&machine.memory[100..109], "grade\0é\0".as_bytes());
    assert_eq!(machine.call("environ_sizes_get", &[0, 4]), Ok(errno::SUCCESS));
    assert_eq!((machine.u32(0), machine.u32(4)), (1, 4));
    assert_eq!(machine.call("environ_get", &[16, 200]), Ok(errno::SUCCESS));
    assert_eq!(&machine.memory[200..204], b"A=1\0");
}

#[test]
fn output_goes_to_the_two_tapes() {
    let mut machine = Machine::new(program());
    machine.put(0, b"abcdef");
    machine.iovecs(&[(0, 3), (3, 0), (4, 2)]);
    assert_eq!(machine.call("fd_write", &[1, 1024, 3, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.u32(2000), 5);
    assert_eq!(machine.call("fd_write", &[2, 1024, 1, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.call("fd_write", &[0, 1024, 1, 2000]), Ok(errno::BADF));
    assert_eq!(machine.call("fd_write", &[3, 1024, 1, 2000]), Ok(errno::BADF));
    let execution = machine.host.finish(Ending::Returned, 0.0);
    assert_eq!((execution.stdout.as_str(), execution.stderr.as_str()), ("abcef", "abc"));
}

#[test]
fn output_past_the_limit_ends_the_execution_and_keeps_what_fits() {
    let mut machine = Machine::new(Program { output_limit: 10, ..program() });
    machine.put(0, b"abcdef");
    machine.iovecs(&[(0, 6)]);
    assert_eq!(machine.call("fd_write", &[1, 1024, 1, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.call("fd_write", &[2, 1024, 1, 2000]), Err(Stop::OutputLimit));
    let execution = machine.host.finish(Stop::OutputLimit.into(), 0.0);
    assert_eq!((execution.stdout.as_str(), execution.stderr.as_str()), ("abcdef", "abcd"));
}

#[test]
fn hostile_slices_end_in_a_fault_and_never_in_a_panic() {
    let mut machine = Machine::new(program());
    for (start, len) in [(0, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX), (SIZE as u32 - 1, 2)] {
        machine.iovecs(&[(start, len)]);
        let written = machine.call("fd_write", &[1, 1024, 1, 2000]);
        assert!(matches!(written, Err(Stop::Fault | Stop::OutputLimit)), "{start} {len}: {written:?}");
    }
    for args in [[1, HUGE, 1, 2000], [1, -1, 1, 2000], [1, SIZE as i64 - 4, 1, 2000], [1, 1024, 0, HUGE]] {
        assert_eq!(machine.call("fd_write", &args), Err(Stop::Fault), "{args:?}");
    }
    machine.iovecs(&[(HUGE as u32, 4)]);
    assert_eq!(machine.call("fd_read", &[0, 1024, 1, 2000]), Err(Stop::Fault));
    for (import, args) in [
        ("args_get", [HUGE, HUGE, 0, 0]),
        ("args_get", [SIZE as i64 - 4, 0, 0, 0]),
        ("args_sizes_get", [HUGE, 0, 0, 0]),
        ("environ_get", [0, SIZE as i64 - 2, 0, 0]),
        ("clock_time_get", [0, 0, SIZE as i64 - 7, 0]),
        ("clock_res_get", [0, HUGE, 0, 0]),
        ("fd_fdstat_get", [1, HUGE, 0, 0]),
        ("random_get", [HUGE, 16, 0, 0]),
        ("poll_oneoff", [HUGE, 0, 1, 0]),
    ] {
        assert_eq!(machine.call(import, &args), Err(Stop::Fault), "{import} {args:?}");
    }
}

#[test]
fn hostile_counts_cost_nothing() {
    let mut machine = Machine::new(program());
    // Quatro bilhões de trechos vazios: só os primeiros são atendidos.
    assert_eq!(machine.call("fd_write", &[1, 1024, -1, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.u32(2000), 0);
    assert_eq!(machine.call("random_get", &[0, -1]), Ok(errno::INVAL));
    assert_eq!(machine.call("poll_oneoff", &[0, 0, -1, 0]), Ok(errno::INVAL));
    assert_eq!(machine.call("poll_oneoff", &[0, 0, 0, 0]), Ok(errno::INVAL));
}

#[test]
fn every_import_survives_every_extreme_argument() {
    let extremes = [0, 1, 2, 3, 1024, SIZE as i64 - 1, SIZE as i64, HUGE, -1, i64::MIN, i64::MAX];
    for import in super::IMPLEMENTED.iter().filter(|import| **import != "proc_exit") {
        for first in extremes {
            for second in extremes {
                for third in extremes {
                    let mut machine = Machine::new(program());
                    let _ = machine.call(import, &[first, second, third, 2000]);
                }
            }
        }
        assert_eq!(Machine::new(program()).call(import, &[]), Ok(errno::INVAL), "{import}");
    }
}

#[test]
fn input_is_read_in_pieces_until_it_ends() {
    let mut machine = Machine::new(lab_program("entrada"));
    machine.iovecs(&[(0, 3), (10, 2)]);
    for (piece, rest) in [("ent", "ra"), ("da", "")] {
        assert_eq!(machine.call("fd_read", &[0, 1024, 2, 2000]), Ok(errno::SUCCESS));
        assert_eq!(&machine.memory[..piece.len()], piece.as_bytes());
        assert_eq!(&machine.memory[10..10 + rest.len()], rest.as_bytes());
        assert_eq!(machine.u32(2000) as usize, piece.len() + rest.len());
    }
    assert_eq!(machine.call("fd_read", &[0, 1024, 2, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.u32(2000), 0);
    assert_eq!(machine.call("fd_read", &[1, 1024, 2, 2000]), Ok(errno::BADF));
}

#[test]
fn the_clock_advances_a_tick_per_look_and_is_the_same_every_time() {
    let look = |machine: &mut Machine, clock| {
        assert_eq!(machine.call("clock_time_get", &[clock, 0, 0]), Ok(errno::SUCCESS));
        machine.u64(0)
    };
    let (mut one, mut other) = (Machine::new(program()), Machine::new(program()));
    let times = [look(&mut one, 1), look(&mut one, 1), look(&mut one, 0)];
    assert_eq!(times, [look(&mut other, 1), look(&mut other, 1), look(&mut other, 0)]);
    assert!(times[0] < times[1]);
    assert_eq!(times[2] / 1_000_000_000, 1_767_225_600);
    assert_eq!(one.call("clock_time_get", &[9, 0, 0]), Ok(errno::INVAL));
}

#[test]
fn sleeping_moves_the_clock_instead_of_waiting() {
    let hour = 3_600_000_000_000_u64;
    let mut machine = Machine::new(program());
    // Dois prazos relativos: daqui a uma hora e daqui a duas.
    for (index, timeout) in [hour, 2 * hour].into_iter().enumerate() {
        machine.put(48 * index, &(index as u64 + 7).to_le_bytes());
        machine.put(48 * index + 16, &1_u32.to_le_bytes());
        machine.put(48 * index + 24, &timeout.to_le_bytes());
    }
    assert_eq!(machine.call("poll_oneoff", &[0, 512, 2, 2000]), Ok(errno::SUCCESS));
    assert_eq!((machine.u32(2000), machine.u64(512)), (1, 7));
    assert_eq!(machine.call("clock_time_get", &[1, 0, 3000]), Ok(errno::SUCCESS));
    assert!((hour..2 * hour).contains(&machine.u64(3000)));

    // O mesmo prazo, absoluto, já passou: nada anda.
    machine.put(40, &1_u16.to_le_bytes());
    assert_eq!(machine.call("poll_oneoff", &[0, 512, 1, 2000]), Ok(errno::SUCCESS));
    assert_eq!(machine.u32(2000), 1);
    // Esperar por um descritor não existe.
    machine.put(8, &[1]);
    assert_eq!(machine.call("poll_oneoff", &[0, 512, 1, 2000]), Ok(errno::NOSYS));
}

#[test]
fn sleeping_forever_saturates() {
    let mut machine = Machine::new(program());
    machine.put(24, &u64::MAX.to_le_bytes());
    for _ in 0..2 {
        assert_eq!(machine.call("poll_oneoff", &[0, 512, 1, 2000]), Ok(errno::SUCCESS));
        assert_eq!(machine.call("clock_time_get", &[0, 0, 3000]), Ok(errno::SUCCESS));
    }
}

#[test]
fn random_bytes_are_seeded() {
    let draw = |machine: &mut Machine, len| {
        assert_eq!(machine.call("random_get", &[0, len]), Ok(errno::SUCCESS));
        machine.memory[..32].to_vec()
    };
    let (mut one, mut other) = (Machine::new(program()), Machine::new(program()));
    let first = draw(&mut one, 19);
    assert_eq!(first, draw(&mut other, 19));
    assert_ne!(first, draw(&mut one, 19));
    assert!(first[..19].iter().any(|byte| *byte != 0));
    assert!(first[19..].iter().all(|byte| *byte == 0));
}

#[test]
fn what_is_not_listed_is_refused() {
    let mut machine = Machine::new(program());
    for import in ["path_open", "sock_send", "proc_raise", "qualquer_coisa", ""] {
        assert_eq!(machine.call(import, &[0; 9]), Ok(errno::NOSYS), "{import}");
    }
    for import in ["fd_prestat_get", "fd_prestat_dir_name", "fd_readdir", "fd_filestat_get"] {
        assert_eq!(machine.call(import, &[3, 0, 0]), Ok(errno::BADF), "{import}");
    }
    assert_eq!(machine.call("fd_close", &[3]), Ok(errno::BADF));
    assert_eq!(machine.call("fd_seek", &[1, 0, 0, 0]), Ok(errno::SPIPE));
    assert_eq!(machine.call("sched_yield", &[]), Ok(errno::SUCCESS));
}

#[test]
fn proc_exit_ends_the_execution_with_its_code() {
    let mut machine = Machine::new(program());
    assert_eq!(machine.call("proc_exit", &[0]), Err(Stop::Exit(0)));
    assert_eq!(machine.call("proc_exit", &[101]), Err(Stop::Exit(101)));
    assert_eq!(Ending::from(Stop::Exit(0)), Ending::Exited(0));
}
