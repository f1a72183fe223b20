extension Service {
    /// Every secret that the service is started with, wherever it goes.
    public var secretReferences: Set<SecretReference> {
        Set(secrets.values).union(environment.values.flatMap(\.secrets)).union(argv.flatMap(\.secrets))
            .union(files.flatMap { $0.contents.flatMap(\.secrets) })
    }
}
