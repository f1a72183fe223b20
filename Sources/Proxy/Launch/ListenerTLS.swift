import LaunchPlan
import NIOCore
import NIOSSL

/// TLS on the clients' listener: from version 1.2 on, without client certificates; clients show the proxy's token.
struct ListenerTLS: Sendable {
    private let context: NIOSSLContext

    /// - Parameter key: the private key in PEM, without a passphrase.
    /// - Throws: what is wrong with the certificate or the key; never a part of the key.
    init(_ settings: ProxySettings.TLS, key: String, roots: PlanPath.Bindings) throws(ProxyError) {
        let path: String
        do throws(PlanPath.UnboundRoot) { path = try settings.certificate.resolved(roots) } catch { throw ProxyError(error.description) }
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(path) } catch {
            throw ProxyError("the certificate \(path) cannot be read", hint: "it is PEM: `-----BEGIN CERTIFICATE-----`, the server's own first")
        }
        guard !chain.isEmpty else { throw ProxyError("there is no certificate in \(path)", hint: "it is PEM, the server's own certificate first") }
        let privateKey: NIOSSLPrivateKey
        do { privateKey = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem) } catch {
            throw ProxyError("the private key of \(path) cannot be read", hint: "it is PEM, and has no passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw ProxyError("the certificate \(path) and its private key do not go together")
        }
    }

    func protect(_ channel: any Channel) throws { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
}
