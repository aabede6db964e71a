using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>GET /</c>: what is here, for a person who found the port.</summary>
internal sealed class FrontPage(ServerIdentity identity, Serving.ServableManager servables, IServer server)
{
    public Task WriteAsync(HttpContext context)
    {
        // The ports are opened one after the other: a page that is asked for meanwhile knows only the first.
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];
        var text = new StringBuilder();
        text.AppendLine($"ZeroWorld.ML {identity.Version}").AppendLine();
        text.AppendLine($"REST     {addresses.ElementAtOrDefault(0)}");
        text.AppendLine($"gRPC     {addresses.ElementAtOrDefault(1)}   (inference.GRPCInferenceService, zeroworld.ml.v1, health, reflection)");
        text.AppendLine($"metrics  {addresses.ElementAtOrDefault(2)}/metrics").AppendLine();
        text.AppendLine("POST /v1/models/MODEL:predict                    prediction by entity");
        text.AppendLine("     {\"entities\": {\"customer_id\": 4961, \"terminal_id\": 3412}, \"request\": {\"amount\": 57.16}}");
        text.AppendLine("POST /v1/models/MODEL:recommend                  the best items for a user, or like an item");
        text.AppendLine("     {\"user\": \"42\", \"k\": 10}");
        text.AppendLine("POST /v1/models/MODEL:score                      a decision about a text");
        text.AppendLine("     {\"id\": \"4711\", \"text\": \"you rotten filth\"}");
        text.AppendLine("POST /v1/features:read                           online features by entity");
        text.AppendLine("     {\"feature_service\": \"fraud\", \"entities\": {\"customer_id\": [4961, 4962]}}, or \"features\": [\"VIEW.FEATURE\", \"VIEW.*\"]");
        text.AppendLine("GET  /v2, /v2/health/live, /v2/health/ready      Open Inference Protocol");
        text.AppendLine("GET  /v2/models/MODEL[/versions/VERSION][/ready]");
        text.AppendLine("POST /v2/models/MODEL[/versions/VERSION]/infer").AppendLine();
        text.AppendLine("Models:");
        foreach (var servable in servables.List())
        {
            text.AppendLine(
                $"  {servable.Model} version {servable.Version}: {servable.State}{(servable.Aliases.Count > 0 ? $" ({string.Join(", ", servable.Aliases)})" : "")}{(servable.Message is { } message ? $": {message}" : "")}");
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }
}
