using Grpc.Core;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload over the models of this server.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ModelRepository(ServableManager servables)
{
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

    /// <param name="parameters">Names of the load's parameters: none are taken.</param>
    public Task LoadAsync(string repository, string modelName, IEnumerable<string> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        RefuseParameters("load", modelName, parameters);
        return servables.LoadModelAsync(ToName("load", modelName), cancellationToken);
    }

    /// <param name="parameters">Names of the unload's parameters: <c>unload_dependents</c> is taken, as no model here depends on another.</param>
    public Task UnloadAsync(string repository, string modelName, IEnumerable<string> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        RefuseParameters("unload", modelName, parameters.Where(static name => name != "unload_dependents"));
        return servables.UnloadModelAsync(ToName("unload", modelName), cancellationToken);
    }

    private static void RefuseName(string repository)
    {
        if (repository.Length > 0)
        {
            throw new ProtocolFailure(StatusCode.Unimplemented, $"'repository_name' specification is not supported, got '{repository}'");
        }
    }

    /// <summary>A configuration or files that come with a call would be a model that lies nowhere: gone with the next start.</summary>
    private static void RefuseParameters(string action, string modelName, IEnumerable<string> parameters)
    {
        if (parameters.FirstOrDefault() is { } name)
        {
            throw new ProtocolFailure(
                StatusCode.Unimplemented,
                $"failed to {action} '{modelName}': the parameter '{name}' is not supported; write its configuration and files into the model folder, or register a version");
        }
    }

    private static ModelName ToName(string action, string text) => ModelName.TryParse(text, out var model)
        ? model
        : throw new ProtocolFailure(StatusCode.InvalidArgument, text.Length == 0
            ? $"failed to {action} '': model name must not be empty"
            : $"failed to {action} '{text}': Invalid model name '{text}'. It can be no path and no part of one; expected letters, digits, '.', '_' and '-', at most {ModelName.FolderNameLengthMax}");
}
