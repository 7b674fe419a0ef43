//! `jetscope demo`: a server of its own with events on it, and the console on that; or a scene that plays by itself.

mod scene;

use color_eyre::eyre::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Env, Flags, Settings};
use crate::demo::{Demo, DemoSpec};
use crate::runtime;

use super::{args, log, output};

/// Runs the command.
pub(super) async fn run(flags: &Flags, env: &Env, wanted: args::Demo) -> Result<()> {
    output::note("starting a nats-server with events on it");
    let args::Demo { headless, scene, port, http_port, rate, nats_server } = wanted;
    let demo = Demo::start(&DemoSpec { port, http_port, rate, version: nats_server }).await?;
    if scene {
        scene::play(&demo).await?;
    } else if headless {
        output::print(&format!("{}\n", demo.url()))?;
        output::note(&format!("events over HTTP: {0}/events; {0} tells the rest", demo.endpoint().url()));
        output::note("Ctrl-C ends it and removes everything");
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended?,
            _ = terminate.recv() => {}
        }
    } else {
        let settings = Settings::for_server(flags, env, &demo.url())?;
        let _log = log::start(&settings.state_dir(), &settings.log_level);
        runtime::console(settings).await?;
    }
    drop(demo);
    Ok(())
}
