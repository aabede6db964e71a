using System.CommandLine;
using System.Globalization;

namespace ZeroWorld.ML.Cli;

/// <summary>Flags of commands that start a server; one that is not given leaves the setting to file, variables and defaults.</summary>
internal sealed class ServerSettings
{
    private readonly Option<string?> _data = new("--data") { Description = "Data directory. Default: .zeroworld." };
    private readonly Option<string?> _host = new("--host") { Description = "Address to listen on. Default: 127.0.0.1." };
    private readonly Option<int?> _http = new("--http-port") { Description = "Port of REST; 0 takes a free one. Default: 8000." };
    private readonly Option<int?> _grpc = new("--grpc-port") { Description = "Port of gRPC. Default: 8001." };
    private readonly Option<int?> _metrics = new("--metrics-port") { Description = "Port of the metrics. Default: 8002." };
    private readonly Option<string?> _redis = new("--redis")
    {
        Description = "HOST:PORT of a Redis, Valkey or Redis Cluster for the online features (several joined with ','). Default: the embedded store.",
    };

    private readonly Option<string?> _models = new("--models") { Description = "Folder of models to serve beside the registry: NAME/VERSION/model.onnx, as Triton has it." };
    private readonly Option<string?> _control = new("--model-control") { Description = "Who decides which models of the folder are loaded: none (all, at the start), poll, explicit. Default: none." };

    private ServerSettings()
    {
    }

    public static ServerSettings AddTo(Command command)
    {
        var settings = new ServerSettings();
        foreach (var option in (Option[])[settings._data, settings._host, settings._http, settings._grpc, settings._metrics, settings._redis, settings._models, settings._control])
        {
            command.Add(option);
        }

        return settings;
    }

    public Dictionary<string, string> Flags(ParseResult parse)
    {
        var flags = new Dictionary<string, string>();
        Set("DataDirectory", parse.GetValue(_data));
        Set("Server:Host", parse.GetValue(_host));
        Set("Server:HttpPort", parse.GetValue(_http)?.ToString(CultureInfo.InvariantCulture));
        Set("Server:GrpcPort", parse.GetValue(_grpc)?.ToString(CultureInfo.InvariantCulture));
        Set("Server:MetricsPort", parse.GetValue(_metrics)?.ToString(CultureInfo.InvariantCulture));
        Set("Online:Redis", parse.GetValue(_redis));
        Set("Models:Folder", parse.GetValue(_models));
        Set("Models:Control", parse.GetValue(_control));
        return flags;

        void Set(string key, string? value)
        {
            if (value is not null)
            {
                flags[key] = value;
            }
        }
    }
}
