//! Progress on a terminal; silent where standard error is not one.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::solve::{Observer, Progress};

pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// Work that ends sooner than a person looks leaves no trace: the first drawing comes after one tick.
    const TICK: Duration = Duration::from_millis(200);

    pub(super) fn new() -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(Bar::style(None));
        bar.enable_steady_tick(Bar::TICK);
        Bar { bar }
    }

    fn style(total: Option<u64>) -> ProgressStyle {
        let template = match total {
            Some(_) => "{spinner} {msg} [{bar:30}] {human_pos} of {human_len} ({elapsed})",
            None => "{spinner} {msg} {human_pos} ({elapsed})",
        };
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    }
}

impl Observer for Bar {
    fn progress(&self, progress: Progress) {
        let Progress { phase, done, total } = progress;
        if self.bar.is_hidden() {
            return;
        }
        if self.bar.message() != phase || self.bar.length() != total {
            self.bar.set_style(Bar::style(total));
            self.bar.set_message(phase);
            match total {
                Some(total) => self.bar.set_length(total),
                None => self.bar.unset_length(),
            }
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
