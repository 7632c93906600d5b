/// What the application wants of a board. Nothing here waits but [`wait`](Self::wait).
pub trait Hardware {
    /// Moves received bytes to the start of `room`, as many as there are and fit, and says how many.
    fn receive(&mut self, room: &mut [u8]) -> usize;

    /// Starts to send bytes from the start of `bytes`, as many as the line takes now, and says how many.
    fn send(&mut self, bytes: &[u8]) -> usize;

    /// Milliseconds since the start.
    fn uptime(&self) -> u64;

    /// Unix milliseconds, where the board has a clock that runs without power.
    fn unix_time(&mut self) -> Option<i64>;

    /// A number that no other start of this board has had.
    fn start_number(&mut self) -> u64;

    /// What the sensor shows.
    fn sample(&mut self) -> i32;

    /// Switches the lamp.
    fn set_led(&mut self, on: bool);

    /// Sleeps until a byte has been received, but for no more than 20 ms.
    fn wait(&mut self);
}
