import JSON
import LaunchPlan

extension SystemdService {
    func unit() throws(EmitError) -> String {
        let secrets = try SystemdSecrets(self)
        let commands = try SystemdCommands(self, secrets)
        var unit = UnitText(instance: plan.instance, description: "anyclaude \(plan.instance): \(service.name)")
        try order(&unit)
        unit.gap()
        for note in SystemdNotes.of(service) { unit.comment(note) }
        unit.section("Service")
        try run(&unit, commands)
        try surroundings(&unit, secrets)
        policies(&unit, secrets)
        unit.gap()
        try Hardening.write(&unit, self, folders: try commands.folders())
        return unit.text
    }

    private func order(_ unit: inout UnitText) throws(EmitError) {
        unit.set("PartOf", names.target)
        let sockets = service.sockets.map { names.socket(service.name, $0.name) }
        var needed = sockets
        for name in service.dependsOn {
            guard plan.service(named: name) != nil else {
                throw EmitError("\(service.name) depends on `\(name)`, which the plan does not have", hint: "make the plan again")
            }
            needed.append(names.unit(name))
        }
        if bindings.manager == .system { unit.set("After", "network.target") }
        for name in needed {
            unit.set("Requires", name)
            unit.set("After", name)
        }
        // More failures than that within the time give up; the first start is one of systemd's count.
        unit.set("StartLimitIntervalSec", UnitText.time(milliseconds: service.restart.withinMs))
        unit.set("StartLimitBurst", String(service.restart.failures + 1))
    }

    private func run(_ unit: inout UnitText, _ commands: SystemdCommands) throws(EmitError) {
        unit.set("Type", service.notifies ? "notify" : "exec")
        if service.notifies { unit.set("NotifyAccess", "main") }
        let folders = try commands.folders()
        if !folders.isEmpty { unit.set("ExecStartPre", SystemdQuoting.command(["/bin/mkdir", "-p", "--"] + folders)) }
        unit.set("ExecStart", commands.start)
        unit.set("ExecStartPost", try commands.startupProbe())
        if !service.sockets.isEmpty { unit.set("Sockets", service.sockets.map { names.socket(service.name, $0.name) }.joined(separator: " ")) }
    }

    private func surroundings(_ unit: inout UnitText, _ secrets: SystemdSecrets) throws(EmitError) {
        // Our own programs have nothing to look for in their folder, and a folder in a home would be out of their reach.
        if !isOurs { unit.set("WorkingDirectory", try SystemdQuoting.path(try SystemdCommands.directory(self))) }
        if isOurs { unit.set("LoadCredential", "settings:\(try SystemdQuoting.path(settingsPath))") }
        for (id, reference) in secrets.credentials {
            if case .credential = reference { unit.comment("LoadCredentialEncrypted= where `systemd-creds encrypt` made it.") }
            unit.set("LoadCredential", try secrets.source(id, reference))
        }
        var environment: [String: String] = bindings.manager == .system ? ["HOME": bindings.home, "LANG": "C.UTF-8"] : [:]
        for (name, value) in service.environment where value.secrets.isEmpty {
            environment[name] = try text(value, "the variable \(name)")
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            try Self.checkVariable(name)
            guard !value.unicodeScalars.contains(where: { SystemdQuoting.isUnprintable($0) && $0.value > 0x7F && $0.value != 0xFEFF }) else {
                throw EmitError("systemd takes no noncharacters in a variable, as \(name) has one", hint: "take it away")
            }
            unit.set("Environment", SystemdQuoting.word("\(name)=\(value)"))
        }
    }

    private func policies(_ unit: inout UnitText, _ secrets: SystemdSecrets) {
        unit.gap()
        unit.set("Restart", "always")
        unit.set("RestartSec", UnitText.time(milliseconds: service.restart.initialMs > 0 ? service.restart.initialMs : 1000))
        // What a configuration lacks does not come by itself; 243 is systemd's own word for a credential without its file.
        if isOurs || !secrets.credentials.isEmpty { unit.set("RestartPreventExitStatus", secrets.credentials.isEmpty ? "78" : "78 243") }
        if service.notifies || service.probes.startup != nil || service.probes.readiness != nil {
            // The probe ends first, and says what it waited for.
            unit.set("TimeoutStartSec", (service.probes.startup?.deadlineMs).map { UnitText.time(milliseconds: $0 + 5000) } ?? "infinity")
        }
        unit.set("TimeoutStopSec", UnitText.time(milliseconds: service.stop.timeoutMs))
        unit.set("KillMode", "control-group")
        unit.set("CPUAffinity", service.resources.cpus.map(ProcessorList.text))
        unit.set("MemoryMax", service.resources.memoryBytes.map(String.init))
        unit.set("SyslogIdentifier", "\(names.stack).\(service.name)")
        unit.set("LimitNOFILE", "65536")
        unit.set("LimitCORE", "0")
    }
}
