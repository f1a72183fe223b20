import Testing

/// Tests with the real parts: processes, sockets, systemd, the official SDK. One after the other, since each runs a whole stack.
@Suite(.serialized, .enabled(if: TestEnvironment.hasPrograms, Comment(rawValue: TestEnvironment.needsPrograms)))
struct IntegrationTests {}
