using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using ZeroWorld.ML.GpuNodes;

namespace ZeroWorld.ML.Hosting;

/// <summary>What answers on each port.</summary>
internal static class ServerEndpoints
{
    private static readonly string[] GrpcServices =
    [
        "inference.GRPCInferenceService", "zeroworld.ml.v1.PredictionService", "zeroworld.ml.v1.FeatureStoreService", "zeroworld.ml.v1.RegistryService",
        "zeroworld.ml.v1.ModerationService",
    ];

    public static IServiceCollection AddServerEndpoints(this IServiceCollection services)
    {
        services.AddSingleton<ServerIdentity>();
        services.AddSingleton<ServerReadiness>();
        services.AddSingleton<RequestDrain>();
        services.AddSingleton<SharedMemoryRegions>();
        services.AddSingleton<InferenceCalls>();
        services.AddSingleton<InferMessages>();
        services.AddSingleton<InferStream>();
        services.AddSingleton<DirectInfer>();
        services.AddSingleton<DirectPredict>();
        services.AddSingleton<DirectCalls>();
        services.AddSingleton<ModelRepository>();
        services.AddSingleton<ProtocolExtensions>();
        services.AddSingleton<ModelMetrics>();
        services.AddSingleton(static provider => new NodeMetrics(provider.GetRequiredService<DeviceInventory>(), NodeSources.System.ReadFile, GpuMonitor.TryRead));
        services.AddSingleton<MetricsEndpoint>();
        AddLogSettings(services);
        AddGrpcServices(services);
        services.AddRouting();
        services.AddSingleton<RestErrors>();
        services.AddSingleton(static provider => RestrictedCalls.Read(provider.GetRequiredService<ServerOptions>().RestrictedFile));
        services.AddSingleton<InferenceRest>();
        services.AddSingleton<ExtensionsRest>();
        services.AddSingleton<GenerateRest>();
        services.AddSingleton<PredictionRest>();
        services.AddSingleton<Recommenders>();
        services.AddSingleton<ReasonModels>();
        services.AddSingleton<PredictionReasons>();
        services.AddSingleton<RecentItemsReader>();
        services.AddSingleton<RecommendationCalls>();
        services.AddSingleton<Serving.IPackageReplay, RecommendationReplay>();
        services.AddSingleton<RecommendationRest>();
        services.AddSingleton<ModerationRest>();
        services.AddSingleton(static provider => provider.GetRequiredService<ZeroWorldConfiguration>().Get<ModerationOptions>());
        services.AddSingleton<TextModels>();
        services.AddSingleton<ModerationEngines>();
        services.AddSingleton<ModerationCalls>();
        services.AddSingleton<Serving.IPackageReplay, DecisionReplay>();
        services.AddSingleton<OnlineFeatures>();
        services.AddSingleton<FeaturesRest>();
        services.AddSingleton<FrontPage>();
        services.AddOpenTelemetry().WithMetrics(static metrics => metrics
            .ConfigureResource(Tracing.Name)
            .AddMeter("ZeroWorld.ML.*", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")

            // One more measurement or two per request, of what the engine's own say better.
            .AddView("http.server.active_requests", MetricStreamConfiguration.Drop)
            .AddView("kestrel.queued_requests", MetricStreamConfiguration.Drop)
            .AddPrometheusExporter());
        return services;
    }

    public static void Map(WebApplication app)
    {
        Tracing.Use(app, app.Services.GetRequiredService<TracingOptions>());
        app.Use(app.Services.GetRequiredService<DirectCalls>().InvokeAsync);
        app.MapWhen(static context => context.IsFrom(Listener.Grpc), MapGrpc);
        app.MapWhen(static context => context.IsFrom(Listener.Metrics), MapMetrics);
        MapRest(app);
    }

    /// <summary>Callers may say what this project's own code logs; everybody else's goes on as it was set up.</summary>
    private static void AddLogSettings(IServiceCollection services)
    {
        const string Category = "ZeroWorld.ML";
        var logs = new LogSettings();
        services.AddSingleton(logs);
        services.Configure<LoggerFilterOptions>(options =>
        {
            // What the host of this server set up is where they begin: a command that is quiet stays quiet.
            logs.BeginAt(options.Rules.LastOrDefault(static rule => rule.CategoryName == Category && rule.ProviderName is null)?.LogLevel ?? options.MinLevel);
            options.AddFilter(Category, logs.IsEnabled);
        });
    }

    private static void AddGrpcServices(IServiceCollection services)
    {
        // One instance each: a call then costs no activation.
        services.AddSingleton<GrpcErrors>();
        services.AddSingleton<ErrorInterceptor>();
        services.AddSingleton<InferenceGrpcService>();
        services.AddSingleton<PredictionGrpcService>();
        services.AddSingleton<FeatureStoreGrpcService>();
        services.AddSingleton<RegistryGrpcService>();
        services.AddSingleton<ModerationGrpcService>();
        services.AddGrpc()
            .AddServiceOptions<InferenceGrpcService>(static service => service.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<FeatureStoreGrpcService>(static service => service.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<RegistryGrpcService>(static service => service.Interceptors.Add<ErrorInterceptor>());
        services.AddOptions<Grpc.AspNetCore.Server.GrpcServiceOptions>().Configure<ServerOptions>(static (grpc, options) =>
        {
            grpc.MaxReceiveMessageSize = options.MessageBytesMax;
            grpc.MaxSendMessageSize = options.MessageBytesMax;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(static health =>
        {
            foreach (var name in GrpcServices)
            {
                health.Services.Map(name, static _ => true);
            }
        }).AddCheck<ReadinessCheck>("ready");

        // What it logs as an error is what callers send that is no message, for as long as they like; failures of our own are logged where they become statuses.
        services.AddLogging(static logging => logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None));

        // A server that is not ready yet, or no more, is no error; the check would log one each second.
        services.AddLogging(static logging => logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None));

        // Watchers of grpc.health.v1 hear of a change within this time; a Check asks anew.
        services.Configure<HealthCheckPublisherOptions>(static publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = TimeSpan.FromSeconds(1);
        });
    }

    private static void MapMetrics(IApplicationBuilder branch)
    {
        var own = branch.ApplicationServices.GetRequiredService<MetricsEndpoint>();
        branch.UseWhen(static context => context.Request.Path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase), metrics => metrics.Use(own.InvokeAsync));
        branch.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
    }

    private static void MapGrpc(IApplicationBuilder branch)
    {
        branch.Use(branch.ApplicationServices.GetRequiredService<RequestDrain>().InvokeGrpcAsync);
        branch.UseRouting();
        Restrict(branch, static restricted => restricted.InvokeGrpcAsync);
        branch.UseEndpoints(static endpoints =>
        {
            endpoints.MapGrpcService<InferenceGrpcService>();
            endpoints.MapGrpcService<PredictionGrpcService>();
            endpoints.MapGrpcService<FeatureStoreGrpcService>();
            endpoints.MapGrpcService<RegistryGrpcService>();
            endpoints.MapGrpcService<ModerationGrpcService>();
            endpoints.MapGrpcHealthChecksService();
            endpoints.MapGrpcReflectionService();
        });
    }

    private static void Restrict(IApplicationBuilder branch, Func<RestrictedCalls, Func<HttpContext, RequestDelegate, Task>> middleware)
    {
        if (branch.ApplicationServices.GetRequiredService<RestrictedCalls>() is { IsEmpty: false } restricted)
        {
            branch.Use(middleware(restricted));
        }
    }

    private static void MapRest(WebApplication app)
    {
        var errors = app.Services.GetRequiredService<RestErrors>();
        app.Use(errors.InvokeAsync);
        app.Use(app.Services.GetRequiredService<RequestDrain>().InvokeRestAsync);
        app.UseRouting();
        Restrict(app, static restricted => restricted.InvokeRestAsync);
        app.MapGet("/", app.Services.GetRequiredService<FrontPage>().WriteAsync);
        app.Services.GetRequiredService<InferenceRest>().Map(app);
        app.Services.GetRequiredService<ExtensionsRest>().Map(app);
        app.Services.GetRequiredService<GenerateRest>().Map(app);
        app.Services.GetRequiredService<PredictionRest>().Map(app);
        app.Services.GetRequiredService<RecommendationRest>().Map(app);
        app.Services.GetRequiredService<ModerationRest>().Map(app);
        app.Services.GetRequiredService<FeaturesRest>().Map(app);
    }
}
