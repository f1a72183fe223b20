import Control
import Testing

@Suite struct InstanceTests {
    /// Root may speak to every stack: whose is meant must not depend on who answers.
    @Test(
        arguments: [
            // A command of a person: the machine's, else the own.
            ("default", ["XDG_RUNTIME_DIR": "/run/user/0"], ["/run/anyclaude/control.sock", "/run/user/0/anyclaude/control.sock"]),
            ("default", ["HOME": "/root"], ["/run/anyclaude/control.sock", "/root/.anyclaude/run/control.sock"]),
            // A command of a unit of root's own manager.
            ("default", ["XDG_RUNTIME_DIR": "/run/user/0", "ANYCLAUDE_SCOPE": "user"], ["/run/user/0/anyclaude/control.sock"]),
            // A command of the machine's unit.
            ("default", ["RUNTIME_DIRECTORY": "/run/anyclaude", "HOME": "/"], ["/run/anyclaude/control.sock"]),
            ("default", ["XDG_RUNTIME_DIR": "/run/user/0", "ANYCLAUDE_HOME": "/srv/one"], ["/srv/one/run/control.sock"]),
            ("two", ["XDG_RUNTIME_DIR": "/run/user/0"], ["/run/user/0/anyclaude/instances/two/control.sock"]),
            // Empty is not set.
            (
                "default", ["XDG_RUNTIME_DIR": "/run/user/0", "ANYCLAUDE_HOME": "", "ANYCLAUDE_SCOPE": ""],
                ["/run/anyclaude/control.sock", "/run/user/0/anyclaude/control.sock"]
            ),
        ] as [(String, [String: String], [String])])
    func whoseStackIsMeant(name: String, environment: [String: String], sockets: [String]) {
        #expect(Instance.controlSockets(name, environment: environment) == sockets)
    }
}
