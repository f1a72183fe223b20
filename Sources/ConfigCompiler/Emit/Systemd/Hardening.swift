import LaunchPlan

/// What a service is kept from: all that units/anyclaude.service keeps from it too, as far as its manager can.
enum Hardening {
    static func write(_ unit: inout UnitText, _ context: SystemdService, folders: [String]) throws(EmitError) {
        unit.set("UMask", "0077")
        unit.set("RuntimeDirectory", context.names.runtimeDirectory(context.service.name))
        if context.bindings.manager == .system { try system(&unit, context, folders) }
        unit.set("NoNewPrivileges", "yes")
        unit.set("RestrictRealtime", "yes")
        unit.set("RestrictSUIDSGID", "yes")
        unit.set("LockPersonality", "yes")
        unit.set("SystemCallArchitectures", "native")
    }

    private static func system(_ unit: inout UnitText, _ context: SystemdService, _ folders: [String]) throws(EmitError) {
        let stack = context.names.stack
        unit.set("DynamicUser", "yes")
        unit.set("User", context.names.user)
        unit.set("StateDirectory", stack)
        unit.set("CacheDirectory", stack)
        unit.set("LogsDirectory", stack)
        let own = [context.bindings.state, context.bindings.cache, context.bindings.logs]
        for folder in folders where !own.contains(where: { isBelow(folder, $0) }) {
            unit.set("ReadWritePaths", "-" + (try SystemdQuoting.listedPath(folder)))
        }
        unit.set("ProtectSystem", "strict")
        unit.set("ProtectHome", try context.mentionedPaths().contains(where: isInHome) ? "read-only" : "yes")
        unit.set("PrivateTmp", "yes")
        let shown = try TemporaryPlaces.shown(to: context, writing: folders)
        if !shown.isEmpty { unit.comment("A /tmp of its own comes with DynamicUser, and cannot be turned off: what the plan names there is shown.") }
        for path in shown { unit.set("BindReadOnlyPaths", try SystemdQuoting.boundPath("-\(path)")) }
        if context.isOurs {
            unit.set("PrivateDevices", "yes")
            unit.set("DevicePolicy", "closed")
        } else {
            unit.comment("No PrivateDevices: the program may use a GPU. No MemoryDenyWriteExecute: it may compile code.")
        }
        for key in [
            "ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups",
            "RestrictNamespaces",
        ] { unit.set(key, "yes") }
        unit.set("ProtectProc", "invisible")
        unit.set("CapabilityBoundingSet", "")
        unit.set("AmbientCapabilities", "")
        unit.set("KeyringMode", "private")
        unit.set("RestrictAddressFamilies", context.isOurs ? "AF_UNIX AF_INET AF_INET6" : "AF_UNIX AF_INET AF_INET6 AF_NETLINK")
        unit.set("SystemCallFilter", "@system-service")
        unit.set("SystemCallFilter", "~@privileged")
        unit.set("SystemCallErrorNumber", "EPERM")
    }

    static func isInHome(_ path: String) -> Bool { ["/home", "/root", "/run/user"].contains { isBelow(path, $0) } }

    static func isBelow(_ path: String, _ folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
}
