using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Load;

/// <summary>The least that answers ModelInfer, in a child process: generated messages, one session and one thread per model, no checks, no statistics, no deadlines. The limit.</summary>
internal static class BareServerChild
{
    public const string Argument = "serve-bare";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var models = arguments[0];
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new BareInferenceService(new Dictionary<string, BareBatcher>
        {
            [SpeedModels.Small] = new(SpeedModels.PathOf(models, SpeedModels.Small)),
            [SpeedModels.Large] = new(SpeedModels.PathOf(models, SpeedModels.Large)),
        }));
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
        });
        await using var app = builder.Build();
        app.MapGrpcService<BareInferenceService>();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new ServerChild.Ready(address, models)));
        await ChildMemory.ServeAsync();
        return 0;
    }
}
