//! Uma caixa de correio entre os eventos do navegador e uma tarefa assíncrona.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

struct Inner<T> {
    mail: VecDeque<T>,
    reader: Option<Waker>,
}

pub struct Mailbox<T>(Rc<RefCell<Inner<T>>>);

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Mailbox<T> {
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(Inner { mail: VecDeque::new(), reader: None })))
    }

    pub fn send(&self, item: T) {
        let reader = {
            let mut inner = self.0.borrow_mut();
            inner.mail.push_back(item);
            inner.reader.take()
        };
        // Fora do empréstimo: quem acorda pode ler na hora.
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub async fn next(&self) -> T {
        poll_fn(|context| {
            let mut inner = self.0.borrow_mut();
            match inner.mail.pop_front() {
                Some(item) => Poll::Ready(item),
                None => {
                    inner.reader = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
