using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>A model folder and a server that serves it with the fake runtime: a model file holds whatever the test writes, and <c>broken</c> cannot be loaded.</summary>
internal sealed class ModelFolderFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-models-");
    private ServingHost? _host;

    public ModelFolderFixture(ModelControl control = ModelControl.Poll, string? load = null, Action<ServableManagerOptions>? configure = null)
    {
        Control = control;
        Load = load;
        Configure = configure;
    }

    public ModelControl Control { get; }

    public string? Load { get; }

    public Action<ServableManagerOptions>? Configure { get; }

    public string Root => Path.Combine(_folder.FullName, "models");

    /// <summary>Beside the root, for what must not be reached.</summary>
    public string Outside => Path.Combine(_folder.FullName, "outside");

    /// <summary>Where files lie that come with a load; 1 MiB of them at most.</summary>
    public string Overrides => Path.Combine(_folder.FullName, "overrides");

    /// <summary>Composed at its first use.</summary>
    public ServingHost Host => _host ??= MakeHost();

    public ServableManager Servables => Host.Servables;

    public static ModelName Name(string name) => ModelName.TryParse(name, out var model) ? model : throw new ArgumentException(name);

    public string Write(string path, string text)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return full;
    }

    public Task RefreshAsync() => Servables.RefreshAsync(ServingHost.Cancellation);

    public Task<ServableLease> AcquireAsync(string name, VersionSelector selector = default) =>
        Servables.AcquireAsync(Name(name), selector, ServingHost.Cancellation).AsTask();

    /// <summary><c>NAME VERSION STATE REASON</c> per line of the index.</summary>
    public async Task<IReadOnlyList<string>> IndexAsync() =>
        [.. (await Servables.GetIndexAsync(false, ServingHost.Cancellation)).Select(entry => $"{entry.Model.Name} {entry.Version} {entry.State} {entry.Reason}".TrimEnd())];

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private ServingHost MakeHost()
    {
        Directory.CreateDirectory(Root);
        var host = new ServingHost(configure: services =>
        {
            services.Configure<ModelFolderOptions>(options =>
            {
                (options.Folder, options.Control, options.Load) = (Root, Control, Load);
                (options.OverrideFolder, options.OverrideMebibytesMax) = (Overrides, 1);
            });
            services.Configure<ServableManagerOptions>(options => Configure?.Invoke(options));

            // For models whose configuration asks for it.
            services.Configure<ResponseCacheOptions>(static options => options.MebibytesMax = 1);
        });
        var registered = host.Runtime.Make;
        host.Runtime.Make = package => package.Manifest.Inputs.Count > 0
            ? registered(package)
            : File.ReadAllText(package.ModelPath) == "broken"
                ? throw new ServingException(ServingError.ModelRefused, "The model file 'model.onnx' cannot be loaded: it is broken.")
                : FakeInstance.Score(2);
        return host;
    }
}
