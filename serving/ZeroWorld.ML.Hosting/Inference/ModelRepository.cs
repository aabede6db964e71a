using Grpc.Core;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload over the models of this server.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ModelRepository(ServableManager servables)
{
    private const string ConfigParameter = "config";

    // Of one part of a path, on Linux.
    private const int FileNameLengthMax = 255;

    /// <param name="repository">Must be empty: there is one.</param>
    /// <param name="isReadyOnly">Whether only versions that answer are wanted.</param>
    public async Task<RepositoryIndexResponse> GetIndexAsync(string repository, bool isReadyOnly, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        var response = new RepositoryIndexResponse();
        foreach (var entry in await servables.GetIndexAsync(isReadyOnly, cancellationToken).ConfigureAwait(false))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = ModelMessages.NameOf(entry.Model),
                Version = entry.Version is { } version ? ModelMessages.ToText(version) : "",
                State = entry.State.ToString().ToUpperInvariant(),
                Reason = entry.Reason,
            });
        }

        return response;
    }

    /// <param name="parameters"><c>config</c>: a model configuration as JSON. Files are not taken.</param>
    public Task LoadAsync(string repository, string modelName, IReadOnlyDictionary<string, ModelRepositoryParameter> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        var model = ToName("load", modelName);
        string? configuration = null;
        foreach (var (name, value) in parameters)
        {
            if (name != ConfigParameter)
            {
                throw Refuse("load", modelName, name);
            }

            configuration = value.HasStringParam
                ? value.StringParam
                : throw new ProtocolFailure(StatusCode.InvalidArgument, $"failed to load '{modelName}': invalid value type for '{ConfigParameter}' parameter, expected string_param.");
        }

        return servables.LoadModelAsync(model, configuration, cancellationToken);
    }

    /// <param name="parameters"><c>unload_dependents</c> is taken, as no model here depends on another.</param>
    public Task UnloadAsync(string repository, string modelName, IReadOnlyDictionary<string, ModelRepositoryParameter> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        if (parameters.FirstOrDefault(static parameter => parameter.Key != "unload_dependents" || !parameter.Value.HasBoolParam).Key is { } name)
        {
            throw Refuse("unload", modelName, name);
        }

        return servables.UnloadModelAsync(ToName("unload", modelName), cancellationToken);
    }

    private static void RefuseName(string repository)
    {
        if (repository.Length > 0)
        {
            throw new ProtocolFailure(StatusCode.Unimplemented, $"'repository_name' specification is not supported, got '{repository}'");
        }
    }

    /// <summary>Files that come with a call would be a model that lies nowhere: gone with the next start.</summary>
    private static ProtocolFailure Refuse(string action, string modelName, string parameter) => parameter.Split('/').Any(static part => part.Length > FileNameLengthMax)
        ? new ProtocolFailure(StatusCode.Internal, $"failed to {action} '{modelName}': failed to poll from model repository: a file name in the parameters has more than {FileNameLengthMax} bytes")
        : new ProtocolFailure(
            StatusCode.Unimplemented, $"failed to {action} '{modelName}': the parameter '{parameter}' is not supported; put files into the model folder, or register a version");

    private static ModelName ToName(string action, string text) => ModelName.TryParse(text, out var model)
        ? model
        : throw new ProtocolFailure(StatusCode.InvalidArgument, text.Length == 0
            ? $"failed to {action} '': model name must not be empty"
            : $"failed to {action} '{text}': Invalid model name '{text}'. It can be no path and no part of one; expected letters, digits, '.', '_' and '-', at most {ModelName.FolderNameLengthMax}");
}
