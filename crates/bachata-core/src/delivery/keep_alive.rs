use super::clock::earlier;

/// How a side finds out that its peer is gone, though the connection stands: both sides have it.
///
/// ```
/// use bachata_core::delivery::KeepAlive;
///
/// // What a WebSocket behind a proxy wants.
/// let default = KeepAlive { ping_after: Some(30_000), dead_after: Some(90_000) };
/// assert_eq!(KeepAlive::default(), default);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KeepAlive {
    /// A ping goes out when nothing has been heard for so many milliseconds, and again after as many. None: no pings.
    pub ping_after: Option<u32>,
    /// The peer is reported as dead, once a connection, when nothing has been heard for so many milliseconds. None: never.
    pub dead_after: Option<u32>,
}

impl KeepAlive {
    /// The default: a ping after 30 seconds, dead after 90.
    pub const DEFAULT: Self = Self {
        ping_after: Some(30_000),
        dead_after: Some(90_000),
    };

    /// No pings, and no peer is ever dead.
    pub const OFF: Self = Self {
        ping_after: None,
        dead_after: None,
    };
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What has been heard of a peer on one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    keep_alive: KeepAlive,
    heard: u64,
    pinged: u64,
    reported: bool,
}

impl Liveness {
    /// A connection that begins now.
    pub(super) const fn new(keep_alive: KeepAlive, now: u64) -> Self {
        Self {
            keep_alive,
            heard: now,
            pinged: now,
            reported: false,
        }
    }

    pub(super) const fn hear(&mut self, now: u64) {
        self.heard = now;
    }

    pub(super) fn is_ping_due(&self, now: u64) -> bool {
        self.ping_at().is_some_and(|time| time <= now)
    }

    pub(super) const fn ping(&mut self, now: u64) {
        self.pinged = now;
    }

    /// Whether the peer is dead; says so once.
    pub(super) fn report_dead(&mut self, now: u64) -> bool {
        let dead = self.dead_at().is_some_and(|time| time <= now);
        self.reported |= dead;
        dead
    }

    /// When one of these changes.
    pub(super) fn timeout(&self, with_pings: bool) -> Option<u64> {
        earlier(self.ping_at().filter(|_| with_pings), self.dead_at())
    }

    fn ping_at(&self) -> Option<u64> {
        // Not twice in a moment, or there would be no end to it.
        let after = self.keep_alive.ping_after?.max(1);
        Some(self.heard.max(self.pinged).saturating_add(u64::from(after)))
    }

    fn dead_at(&self) -> Option<u64> {
        let after = self.keep_alive.dead_after.filter(|_| !self.reported)?;
        Some(self.heard.saturating_add(u64::from(after)))
    }
}
