using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Traces of requests, where a collector is configured: without one, nothing of this is there and requests pay nothing.</summary>
internal static class Tracing
{
    public static bool IsConfigured(TracingOptions options) => options.Endpoint is { Length: > 0 };

    public static void Add(IServiceCollection services, TracingOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<TraceSettings>();
        if (!IsConfigured(options))
        {
            return;
        }

        // Before AddServing's own, which traces nothing.
        services.AddSingleton(provider => new RequestTraces(new TraceRule(options.Enabled, options.Rate, options.Count), provider.GetRequiredService<TimeProvider>()));
        services.AddOpenTelemetry().WithTracing(tracing => tracing
            .AddSource(RequestTraces.SourceName)
            .ConfigureResource(Name)

            // What is traced was decided before a span is started.
            .SetSampler(new AlwaysOnSampler())
            .AddOtlpExporter(exporter =>
            {
                exporter.Endpoint = new Uri(options.Endpoint!);
                exporter.Protocol = options.Protocol == TracingProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
            }));
    }

    /// <summary>Says what traces and metrics are of; names from the environment (<c>OTEL_SERVICE_NAME</c>) stay.</summary>
    public static void Name(ResourceBuilder resource) =>
        resource.AddService("zeroworld", serviceVersion: typeof(Tracing).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: false).AddEnvironmentVariableDetector();

    /// <summary>Takes the caller's trace from the headers of a request, which is where gRPC has its metadata, too.</summary>
    public static void Use(IApplicationBuilder branch, TracingOptions options)
    {
        if (IsConfigured(options))
        {
            branch.Use(static (context, next) =>
            {
                CallerTrace.Set(context.Request.Headers.TraceParent, context.Request.Headers.TraceState);
                return next(context);
            });
        }
    }
}
