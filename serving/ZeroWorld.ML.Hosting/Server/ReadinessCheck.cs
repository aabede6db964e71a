using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ZeroWorld.ML.Hosting;

/// <summary>Readiness as grpc.health.v1 asks for it.</summary>
internal sealed class ReadinessCheck(ServerReadiness readiness) : IHealthCheck
{
    private static readonly Task<HealthCheckResult> Ready = Task.FromResult(HealthCheckResult.Healthy());
    private static readonly Task<HealthCheckResult> NotReady = Task.FromResult(HealthCheckResult.Unhealthy());

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        readiness.IsReady ? Ready : NotReady;
}
