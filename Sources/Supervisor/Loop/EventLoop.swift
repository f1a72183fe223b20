import CProcess
import Glibc
import Host

/// One thread that sleeps in epoll until a descriptor, a timer or another thread has something for it.
///
/// Not thread-safe, by intention: other threads reach it through a `Mailbox`. Handlers run one after the other and must not block.
final class EventLoop {
    /// The number tells a descriptor from an earlier one that had its place: events of one batch may be of either.
    private struct Watch {
        var number: UInt32
        var handler: (UInt32) -> Void
    }

    private let epoll: CInt
    private let timer: CInt
    private var handlers: [CInt: Watch] = [:]
    private var lastWatch: UInt32 = 0
    private var timers = TimerQueue()
    private var armedAt: Int?
    private var isRunning = false

    init() throws(OperationError) {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        timer = timerfd_create(CLOCK_MONOTONIC, CInt(TFD_CLOEXEC) | CInt(TFD_NONBLOCK))
        guard epoll >= 0, timer >= 0 else { throw .system("cannot make an event loop", errno: errno) }
        try watch(timer, readable) { [unowned self] _ in self.fireTimers() }
    }

    deinit {
        close(timer)
        close(epoll)
    }

    /// Milliseconds on the clock of all events; it does not go back and does not jump.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    func watch(_ descriptor: CInt, _ events: UInt32, _ handler: @escaping (UInt32) -> Void) throws(OperationError) {
        lastWatch &+= 1
        var event = Self.event(events, descriptor, lastWatch)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw .system("cannot watch a descriptor", errno: errno) }
        handlers[descriptor] = Watch(number: lastWatch, handler: handler)
    }

    func rewatch(_ descriptor: CInt, _ events: UInt32) {
        guard let watch = handlers[descriptor] else { return }
        var event = Self.event(events, descriptor, watch.number)
        _ = epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    private static func event(_ events: UInt32, _ descriptor: CInt, _ number: UInt32) -> epoll_event {
        var event = epoll_event()
        event.events = events
        event.data.u64 = UInt64(number) << 32 | UInt64(UInt32(bitPattern: descriptor))
        return event
    }

    /// Before the descriptor is closed.
    func unwatch(_ descriptor: CInt) {
        guard handlers.removeValue(forKey: descriptor) != nil else { return }
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// - Parameter time: on `EventLoop.now`; in the past means as soon as the current handler has returned.
    @discardableResult
    func schedule(at time: Int, _ action: @escaping () -> Void) -> TimerQueue.Token { timers.add(at: time, action) }

    func cancel(_ token: TimerQueue.Token) { timers.remove(token) }

    func stop() { isRunning = false }

    /// Until `stop`. After each batch of events `afterBatch` runs once.
    func run(afterBatch: () -> Void) throws(OperationError) {
        isRunning = true
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while isRunning {
            armTimer()
            let count = epoll_wait(epoll, &events, CInt(events.count), -1)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("cannot wait for events", errno: errno)
            }
            for event in events.prefix(Int(count)) {
                // An earlier handler of the batch may have closed it, and opened another in its place.
                let watch = handlers[CInt(bitPattern: UInt32(truncatingIfNeeded: event.data.u64))]
                if let watch, watch.number == UInt32(truncatingIfNeeded: event.data.u64 >> 32) { watch.handler(event.events) }
            }
            afterBatch()
        }
    }

    private func armTimer() {
        let next = timers.next
        guard next != armedAt else { return }
        armedAt = next
        var specification = itimerspec()
        if let next {
            // Zero would disarm: what is due is due in a nanosecond.
            let wait = max(0, next - Self.now)
            specification.it_value = timespec(tv_sec: wait / 1000, tv_nsec: wait % 1000 * 1_000_000 + (wait == 0 ? 1 : 0))
        }
        _ = timerfd_settime(timer, 0, &specification, nil)
    }

    private func fireTimers() {
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, 8)
        armedAt = nil
        // Only what was due when the batch began: a handler that arms a timer for now must not starve the rest.
        let mark = timers.mark
        let now = Self.now
        while let action = timers.takeDue(now, until: mark) { action() }
    }
}

let readable = UInt32(EPOLLIN.rawValue)
let writable = UInt32(EPOLLOUT.rawValue)
let hungUp = UInt32(EPOLLHUP.rawValue) | UInt32(EPOLLERR.rawValue) | UInt32(EPOLLRDHUP.rawValue)
